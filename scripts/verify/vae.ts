import { vaeFactor } from '../../src/models/autoencoder-kl-temporal-decoder';
import { type VaeConfig, vaeConfig } from '../../src/models/config';
import { vaeDecoderGraph, vaeEncoderGraph } from '../../src/models/graphs';
import type { Graph } from '../../src/onnx/graph';
import { type Tensor, tensor } from '../../src/tensor/tensor';
import { type Bench, type Check, Reference } from './check';
import { compare, compareRun, innerValues, joined, named } from './compare';
import { openPart, type Part, stageFiles } from './stages';

/** Checks of stages/vae_encode_*: the noised picture's latents. */
export async function* vaeEncode(bench: Bench): AsyncGenerator<Check> {
  const vae = await openPart(bench, 'vae', vaeConfig);
  if (!vae) return;
  for (const { path, name } of stageFiles(bench, 'vae_encode_')) {
    const reference = await Reference.open(bench, path);
    const image = await reference.read('noised_image');
    const [, , height, width] = image.shape as [number, number, number, number];
    const graph = vaeEncoderGraph(vae.config, { height, width }, { dtype: 'float32', locate: vae.weights.locate });
    const values = new Map([
      ...named(reference, 'latents_mode', graph.outputs[0]),
      ...named(reference, 'moments', graph.scopes.get('quant_conv')),
      ...innerValues(reference, graph),
    ]);
    yield* compareRun(bench, {
      stage: 'vae_encode',
      name,
      graph,
      weights: vae.weights,
      feeds: [{ image }],
      reference,
      values,
    });
  }
}

/** Checks of stages/vae_decode: all frames at once, and `frames_chunkN`, N at a time. */
export async function* vaeDecode(bench: Bench): AsyncGenerator<Check> {
  const vae = await openPart(bench, 'vae', vaeConfig);
  if (!vae) return;
  for (const { path, name } of stageFiles(bench, 'vae_decode')) {
    const reference = await Reference.open(bench, path);
    const latents = await unscaledLatents(reference, vae.config);
    const graph = decoder(vae, latents);
    const values = new Map([...named(reference, 'frames', graph.outputs[0]), ...innerValues(reference, graph)]);
    yield* compareRun(bench, {
      stage: 'vae_decode',
      name,
      graph,
      weights: vae.weights,
      feeds: [{ latents }],
      reference,
      values,
    });
    yield* inChunks(bench, vae, latents, reference);
  }
}

async function unscaledLatents(reference: Reference, { scaling_factor }: VaeConfig): Promise<Tensor> {
  if (reference.has('z_unscaled')) return reference.read('z_unscaled');
  const { shape, data } = await reference.read('latents_scaled');
  const unscaled = data.map((value) => value / scaling_factor);
  return tensor(shape.slice(1), unscaled);
}

function decoder({ config, weights }: Part<VaeConfig>, latents: Tensor): Graph {
  const [frames, , h, w] = latents.shape as [number, number, number, number];
  const factor = vaeFactor(config);
  const shape = { frames, height: h * factor, width: w * factor };
  return vaeDecoderGraph(config, shape, { dtype: 'float32', locate: weights.locate });
}

async function* inChunks(
  bench: Bench,
  vae: Part<VaeConfig>,
  latents: Tensor,
  reference: Reference,
): AsyncGenerator<Check> {
  const decoded = new Map<number, Tensor[]>();
  for (const name of reference.names) {
    const [, size, frame] = /^frames_chunk(\d+)(?:\.frame_(\d+))?$/.exec(name) ?? [];
    if (!size) continue;
    const frames = decoded.get(Number(size)) ?? (await decodeInChunks(bench, vae, latents, Number(size)));
    decoded.set(Number(size), frames);
    const actual = frame ? (frames[Number(frame)] as Tensor) : joined(frames);
    yield compare('vae_decode', name, actual, await reference.read(name));
  }
}

/** The frames one by one, decoded `size` at a time; the last chunk may be shorter. */
async function decodeInChunks(bench: Bench, vae: Part<VaeConfig>, latents: Tensor, size: number): Promise<Tensor[]> {
  const [total, ...rest] = latents.shape as [number, number, number, number];
  const length = latents.data.length / total;
  const frames: Tensor[] = [];
  for (let first = 0; first < total; first += size) {
    const count = Math.min(size, total - first);
    const chunk = tensor([count, ...rest], latents.data.slice(first * length, (first + count) * length));
    const network = await bench.open(decoder(vae, chunk), vae.weights.blobs);
    const { shape, data } = await network.run({ latents: chunk });
    await network.release();
    const pixels = data.length / count;
    for (let i = 0; i < count; i++) frames.push(tensor(shape.slice(1), data.slice(i * pixels, (i + 1) * pixels)));
  }
  return frames;
}
