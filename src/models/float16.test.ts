import { expect, test, vi } from 'vitest';
import { get, readReference, relativeError } from '../../reference/read';
import { runGraph } from '../../reference/run-graph';
import { tinyCheckpoint } from '../../reference/tiny-checkpoint';
import type { Component } from '../checkpoints/checkpoint';
import type { Graph } from '../onnx/graph';
import { type Tensor, tensor } from '../tensor/tensor';
import { type GraphOptions, imageEncoderGraph, unetGraph, vaeDecoderGraph, vaeEncoderGraph } from './graphs';
import { unetInputs } from './unet-spatio-temporal-condition';

// Half precision belongs to the GPU. On the CPU ONNX Runtime widens each operator whose float16 kernel is missing, and rounds
// its result again: that checks every dtype of the graph, and about the rounding that a GPU does.

// Seconds of work, more on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

/** reference/README.md: where half precision backends should start. */
const LIMIT = 2e-2;

const checkpoint = await tinyCheckpoint();
const { unet, vae, imageEncoder } = checkpoint;

test('the UNet computes in half precision', async () => {
  const reference = readReference('stages/unet_b1_t0.5.safetensors');
  const input = (name: string, shape: number[]): Tensor => tensor(shape, get(reference, name).data);
  const inputs = unetInputs(unet, {
    sample: input('sample', [5, 8, 8, 16]),
    timestep: input('timestep', [1]),
    encoder_hidden_states: input('encoder_hidden_states', [1, 40]),
    added_time_ids: input('added_time_ids', [3]),
  });
  const v = await run('unet', (options) => unetGraph(unet, { frames: 5, height: 8, width: 16 }, options), inputs);
  expect(relativeError(v, get(reference, 'output').data)).toBeLessThan(LIMIT);
});

test('both halves of the VAE compute in half precision', async () => {
  const encode = readReference('stages/vae_encode_noise0.02.safetensors');
  const image = tensor([1, 3, 64, 128], get(encode, 'noised_image').data);
  const latents = await run('vae', (options) => vaeEncoderGraph(vae, { height: 64, width: 128 }, options), { image });
  expect(relativeError(latents, get(encode, 'latents_mode').data)).toBeLessThan(LIMIT);

  const decode = readReference('stages/vae_decode.safetensors');
  const shape = { frames: 5, height: 64, width: 128 };
  const z = tensor([5, 4, 8, 16], get(decode, 'z_unscaled').data);
  const frames = await run('vae', (options) => vaeDecoderGraph(vae, shape, options), { latents: z });
  expect(relativeError(frames, get(decode, 'frames').data)).toBeLessThan(LIMIT);
});

test('the image encoder computes in half precision', async () => {
  const pixels = get(readReference('stages/preprocess.safetensors'), '128x64.pixel_values').data;
  const embeds = await run('image_encoder', (options) => imageEncoderGraph(imageEncoder, options), {
    pixel_values: tensor([1, 3, 224, 224], pixels),
  });
  const expected = get(readReference('stages/clip.safetensors'), '128x64.image_embeds').data;
  expect(relativeError(embeds, expected)).toBeLessThan(LIMIT);
});

/** The only output of a float16 graph on the checkpoint's float16 weights, which it reads where they lie. */
async function run(
  component: Component,
  build: (options: GraphOptions) => Graph,
  inputs: Readonly<Record<string, Tensor>>,
): Promise<Float32Array> {
  const weights = await checkpoint.weights(component);
  const graph = build({ dtype: 'float16', locate: weights.locate });
  const [output] = Object.values(await runGraph(graph, weights.blobs, inputs)) as [Tensor];
  return output.data;
}
