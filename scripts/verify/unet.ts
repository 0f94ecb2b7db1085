import { unetConfig } from '../../src/models/config';
import { unetGraph } from '../../src/models/graphs';
import { unetInputs } from '../../src/models/unet-spatio-temporal-condition';
import { type Tensor, tensor } from '../../src/tensor/tensor';
import { type Bench, type Check, Reference } from './check';
import { compareRun, innerValues, named } from './compare';
import { openPart, stageFiles } from './stages';

/** Checks of stages/unet_*: one call each. A batch of two clips is two calls. */
export async function* unet(bench: Bench): AsyncGenerator<Check> {
  const model = await openPart(bench, 'unet', unetConfig);
  if (!model) return;
  const { config, weights } = model;
  for (const { path, name } of stageFiles(bench, 'unet_')) {
    const reference = await Reference.open(bench, path);
    const [batch, frames, , height, width] = (await reference.read('sample')).shape as [
      number,
      number,
      number,
      number,
      number,
    ];
    const graph = unetGraph(config, { frames, height, width }, { dtype: 'float32', locate: weights.locate });
    const values = new Map([...named(reference, 'output', graph.outputs[0]), ...innerValues(reference, graph)]);
    const feeds = await Promise.all(
      Array.from({ length: batch }, async (_, item) => unetInputs(config, await unetArguments(reference, item))),
    );
    yield* compareRun(bench, { stage: 'unet', name, graph, weights, feeds, reference, values });
  }
}

/** What the reference's UNet was called with for one clip of its batch. */
async function unetArguments(reference: Reference, item: number) {
  const timestep = await reference.read('timestep');
  return {
    sample: itemOf(await reference.read('sample'), item),
    timestep: tensor([1], timestep.data.slice(0, 1)),
    encoder_hidden_states: itemOf(await reference.read('encoder_hidden_states'), item),
    added_time_ids: itemOf(await reference.read('added_time_ids'), item),
  };
}

/** [batch, ...] -> [...] */
function itemOf({ shape: [batch, ...shape], data }: Tensor, item: number): Tensor {
  const length = data.length / (batch as number);
  return tensor(shape, data.slice(item * length, (item + 1) * length));
}
