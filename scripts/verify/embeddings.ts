import { type UNetConfig, unetConfig } from '../../src/models/config';
import { frameTimesteps, timesteps } from '../../src/models/embeddings';
import { UNetSpatioTemporalConditionModel } from '../../src/models/unet-spatio-temporal-condition';
import { named } from '../../src/nn/module';
import { Graph, type Value } from '../../src/onnx/graph';
import { guidanceScale } from '../../src/pipelines/guidance';
import type { Weights } from '../../src/safetensors/weights';
import { type Tensor, tensor } from '../../src/tensor/tensor';
import { type Bench, type Check, Reference } from './check';
import { compare, LIMITS } from './compare';
import { openPart, type Part, stageFiles } from './stages';

/** Checks of stages/embeddings: sinusoids, the modules that read them, and the weights of guidance. */
export async function* embeddings(bench: Bench): AsyncGenerator<Check> {
  const [file] = stageFiles(bench, 'embeddings');
  if (!file) return;
  const reference = await Reference.open(bench, file.path);
  const unet = await openPart(bench, 'unet', unetConfig);
  for (const name of reference.names) {
    const expected = await reference.read(name).catch(() => undefined);
    if (!expected) continue; // Integers, which are no result but an input.
    const actual =
      arithmetic(name, expected, reference) ?? (unet && moduleOutput(bench, unet, reference, name, expected));
    const result = await actual;
    if (!result) continue;
    const check = compare('embeddings', name, result, expected);
    yield name.startsWith('sinusoidal') ? { ...check, limit: await sinusoidLimit(reference) } : check;
  }
}

/** torch's exp is off by the last bit now and then, which moves an angle of t radians by t * 2^-24. */
async function sinusoidLimit(reference: Reference): Promise<number> {
  const { data } = await reference.read('timesteps');
  return Math.max(LIMITS.embeddings, Math.max(...data.map(Math.abs)) * 2 ** -24);
}

/** What needs no network. */
function arithmetic(name: string, { shape }: Tensor, reference: Reference): Promise<Tensor> | undefined {
  const [rows, width] = shape as [number, number];
  if (name.startsWith('sinusoidal.')) return spread(reference, 'timesteps', width);
  if (name.startsWith('add_time_proj')) return spread(reference, 'added_time_ids', width / 3);
  if (name.startsWith('frame_sinusoidal.')) return Promise.resolve(frameConstant(rows, width));
  const guidance = /^guidance\.min([\d.]+)_max([\d.]+)_frames(\d+)/.exec(name);
  if (!guidance) return undefined;
  const [min, max, frames] = guidance.slice(1).map(Number) as [number, number, number];
  return Promise.resolve(tensor([frames], guidanceScale(min, max, frames)));
}

async function spread(reference: Reference, name: string, channels: number): Promise<Tensor> {
  return timesteps((await reference.read(name)).data, channels);
}

/** A frame embedding is a constant of its graph: no session is needed to read it. */
function frameConstant(frames: number, channels: number): Tensor {
  const graph = new Graph(() => {
    throw new Error('This graph has no parameters.');
  });
  const { name } = frameTimesteps(graph.input('like', [1]), frames, channels);
  const data = graph.initializers.get(name)?.data as Uint8Array;
  return tensor([frames, channels], new Float32Array(Uint8Array.from(data).buffer));
}

/** The UNet's three kinds of embedding module, by their names with "(out)", on the inputs that the reference used. */
async function moduleOutput(
  bench: Bench,
  { config, weights }: Part<UNetConfig>,
  reference: Reference,
  name: string,
  expected: Tensor,
): Promise<Tensor | undefined> {
  const unet = named(new UNetSpatioTemporalConditionModel(config));
  const { addition_time_embed_dim, projection_class_embeddings_input_dim, block_out_channels } = config;
  if (name === 'unet.time_embedding(out)') {
    const time = await spread(reference, 'timesteps', block_out_channels[0] as number);
    return runOne(bench, time, (x) => unet.time_embedding.call(x), weights);
  }
  if (name === 'unet.add_embedding(out)') {
    const { data } = await spread(reference, 'added_time_ids', addition_time_embed_dim);
    const width = projection_class_embeddings_input_dim;
    return runOne(bench, tensor([data.length / width, width], data), (x) => unet.add_embedding.call(x), weights);
  }
  const [, level, layer] = /^down_blocks\.(\d+)\.attentions\.(\d+)\.time_pos_embed\(out\)$/.exec(name) ?? [];
  const transformer = unet.down_blocks[Number(level)]?.attentions[Number(layer)];
  if (!transformer) return undefined;
  const [frames, channels] = expected.shape as [number, number];
  return runOne(bench, frameConstant(frames, channels), (x) => transformer.time_pos_embed.call(x), weights);
}

/** What a small graph of one input makes of `input`. */
async function runOne(bench: Bench, input: Tensor, build: (x: Value) => Value, weights: Weights): Promise<Tensor> {
  const graph = new Graph(weights.locate);
  graph.output('out', build(graph.input('x', input.shape)));
  const network = await bench.open(graph, weights.blobs);
  try {
    return await network.run({ x: input });
  } finally {
    await network.release();
  }
}
