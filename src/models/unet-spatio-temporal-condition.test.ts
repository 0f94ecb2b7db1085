import { expect, test, vi } from 'vitest';
import { get, type ReferenceTensor, readReference, relativeError } from '../../reference/read';
import { type OpenGraph, openGraph, runGraph } from '../../reference/run-graph';
import { tinyCheckpoint } from '../../reference/tiny-checkpoint';
import type { Value } from '../onnx/graph';
import { type Tensor, tensor } from '../tensor/tensor';
import { unetGraph } from './graphs';
import { unetInputs } from './unet-spatio-temporal-condition';

// Seconds of work, more on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

/** reference/README.md, loose; strict is 1e-5, and met. */
const LIMIT = 1e-4;

const checkpoint = await tinyCheckpoint();

test.each(['b1_t1.6378', 'b1_t0.5', 'b1_t-1.5537', 'b1_odd9x10_t0.3', 'b1_frames1_t0.3', 'b1_frames14_t0.3'])(
  'predicts the reference v: %s',
  async (name) => {
    const reference = readReference(`stages/unet_${name}.safetensors`);
    const { v } = await predict(clip(reference, 0));
    expect(relativeError(v.data, get(reference, 'output').data)).toBeLessThan(LIMIT);
  },
);

test.each(['b2_cfg_t0.9', 'b2_mixed_t-0.4'])(
  'predicts the two clips of a batch one after the other: %s',
  async (name) => {
    const reference = readReference(`stages/unet_${name}.safetensors`);
    const output = get(reference, 'output');
    for (const item of [0, 1]) {
      const { v } = await predict(clip(reference, item));
      expect(relativeError(v.data, itemOf(output, item).data)).toBeLessThan(LIMIT);
    }
  },
);

test('every module returns what the reference module of its name returned', async () => {
  const reference = readReference('stages/unet_b1_t1.6378.safetensors');
  const inputs = clip(reference, 0);
  const { graph, weights } = await build(inputs);
  const inner = [...reference.keys()].filter((name) => name.startsWith('act.'));
  for (const name of inner) {
    const path = name.slice('act.'.length);
    // The reference's up blocks end with their upsamplers, which ours leaves to the next block.
    graph.output(name, (graph.scopes.get(`${path}.upsamplers.0`) ?? graph.scopes.get(path)) as Value);
  }
  const outputs = await runGraph<string>(graph, weights.blobs, inputs);
  for (const name of inner) {
    expect(relativeError(outputs[name]?.data ?? [], get(reference, name).data), name).toBeLessThan(LIMIT);
  }
});

type Inputs = ReturnType<typeof unetInputs>;

/** One clip of a reference file's batch, under the names of the graph's inputs. */
function clip(reference: Map<string, ReferenceTensor>, item: number): Inputs {
  const { data: timestep } = get(reference, 'timestep');
  return unetInputs(checkpoint.unet, {
    sample: itemOf(get(reference, 'sample'), item),
    timestep: tensor([1], timestep),
    encoder_hidden_states: itemOf(get(reference, 'encoder_hidden_states'), item),
    added_time_ids: itemOf(get(reference, 'added_time_ids'), item),
  });
}

function itemOf({ shape, data }: ReferenceTensor, item: number): Tensor {
  const length = data.length / (shape[0] as number);
  return tensor(shape.slice(1), data.slice(item * length, (item + 1) * length));
}

async function build({ sample }: Inputs) {
  const [frames, , height, width] = sample.shape as [number, number, number, number];
  const weights = await checkpoint.weights('unet');
  const graph = unetGraph(checkpoint.unet, { frames, height, width }, { dtype: 'float32', locate: weights.locate });
  return { graph, weights };
}

const sessions = new Map<string, Promise<OpenGraph<'v'>>>();

/** Clips of one shape share a session, since opening one takes longest. */
async function predict(inputs: Inputs) {
  const shape = String(inputs.sample.shape);
  const session = sessions.get(shape) ?? build(inputs).then(({ graph, weights }) => openGraph(graph, weights.blobs));
  sessions.set(shape, session);
  return (await session).run(inputs);
}
