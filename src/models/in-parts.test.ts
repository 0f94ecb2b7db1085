import { describe, expect, test, vi } from 'vitest';
import { get, readReference, relativeError } from '../../reference/read';
import { runGraph } from '../../reference/run-graph';
import { tinyCheckpoint } from '../../reference/tiny-checkpoint';
import { cost } from '../onnx/cost';
import type { Graph } from '../onnx/graph';
import { type Tensor, tensor } from '../tensor/tensor';
import { type GraphOptions, unetGraph, vaeDecoderGraph, vaeEncoderGraph } from './graphs';
import { unetInputs } from './unet-spatio-temporal-condition';

// Seconds of work, more on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const checkpoint = await tinyCheckpoint();
const size = { height: 64, width: 128 };

const sample = readReference('stages/unet_b1_t1.6378.safetensors');
const latents = get(readReference('stages/vae_decode.safetensors'), 'z_unscaled');
const picture = get(readReference('stages/vae_encode_noise0.02.safetensors'), 'noised_image');
const input = (name: string, shape: number[]): Tensor => tensor(shape, get(sample, name).data);

/** Each network, its inputs, and limits from one that cuts only the largest tensors to one that no tensor keeps. */
const networks = [
  {
    name: 'the UNet',
    component: 'unet',
    build: (options: GraphOptions) => unetGraph(checkpoint.unet, { frames: 5, height: 8, width: 16 }, options),
    inputs: unetInputs(checkpoint.unet, {
      sample: input('sample', [5, 8, 8, 16]),
      timestep: input('timestep', [1]),
      encoder_hidden_states: input('encoder_hidden_states', [1, 40]),
      added_time_ids: input('added_time_ids', [3]),
    }),
    limits: [100_000, 33_000, 16_384],
  },
  {
    name: 'the VAE’s decoder',
    component: 'vae',
    build: (options: GraphOptions) => vaeDecoderGraph(checkpoint.vae, { frames: 5, ...size }, options),
    inputs: { latents: tensor(latents.shape, latents.data) },
    limits: [3_000_000, 700_000, 100_000],
  },
  {
    name: 'the VAE’s encoder',
    component: 'vae',
    build: (options: GraphOptions) => vaeEncoderGraph(checkpoint.vae, size, options),
    inputs: { image: tensor(picture.shape, picture.data) },
    limits: [10_000],
  },
] as const;

describe.each(networks)('computed in parts, $name', ({ component, build, inputs, limits }) => {
  const whole = run(component, build, inputs);

  test.each(limits)('gives the same numbers: no part above %i bytes', async (maxTensorBytes) => {
    const [one, other] = [await whole, await run(component, build, inputs, maxTensorBytes)];
    expect(other.graph.nodes.length).toBeGreaterThan(one.graph.nodes.length);
    expect(relativeError(other.output.data, one.output.data)).toBeLessThan(2e-6);
  });
});

test('parts are no more work', () => {
  const [{ build }] = networks;
  const macs = (maxTensorBytes: number) =>
    cost(build({ dtype: 'float32', locate: () => ({ location: '', offset: 0, length: 0 }), maxTensorBytes })).macs;
  expect(macs(16_384)).toEqual(macs(2 ** 30));
});

async function run(
  component: 'unet' | 'vae',
  build: (options: GraphOptions) => Graph,
  inputs: Readonly<Record<string, Tensor>>,
  maxTensorBytes?: number,
) {
  const weights = await checkpoint.weights(component);
  const graph = build({
    dtype: 'float32',
    locate: weights.locate,
    ...(maxTensorBytes !== undefined && { maxTensorBytes }),
  });
  const [output] = Object.values(await runGraph<string>(graph, weights.blobs, inputs));
  return { graph, output: output as Tensor };
}
