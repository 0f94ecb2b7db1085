import { expect, test, vi } from 'vitest';
import { madeUpWeights } from '../../reference/made-up-weights';
import { get, readReference, relativeError } from '../../reference/read';
import { runGraph } from '../../reference/run-graph';
import { tinyCheckpoint } from '../../reference/tiny-checkpoint';
import { type Tensor, tensor } from '../tensor/tensor';
import { vaeDecoderGraph, vaeEncoderGraph } from './graphs';

// Seconds of work, more on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const checkpoint = await tinyCheckpoint();
const size = { height: 64, width: 128 };

test('encodes a noised picture to the reference mode', async () => {
  const reference = readReference('stages/vae_encode_noise0.02.safetensors');
  const weights = await checkpoint.weights('vae');
  const graph = vaeEncoderGraph(checkpoint.vae, size, { dtype: 'float32', locate: weights.locate });
  const { shape, data } = get(reference, 'noised_image');
  const { latents } = await runGraph<'latents'>(graph, weights.blobs, { image: tensor(shape, data) });
  expect(latents.shape).toEqual([1, 4, 8, 16]);
  // reference/README.md, loose; strict is 3e-5, and met.
  expect(relativeError(latents.data, get(reference, 'latents_mode').data)).toBeLessThan(2e-4);
});

/** reference/README.md, loose; strict is 1e-5, and met. */
const DECODE_LIMIT = 1e-4;

test('decodes a clip to the reference frames', async () => {
  const reference = readReference('stages/vae_decode.safetensors');
  const sample = await decode(get(reference, 'z_unscaled'));
  expect(sample.shape).toEqual([5, 3, 64, 128]);
  expect(relativeError(sample.data, get(reference, 'frames').data)).toBeLessThan(DECODE_LIMIT);
});

test('decodes each chunk as a clip of its own, zeros before and after it', async () => {
  const reference = readReference('stages/vae_decode.safetensors');
  const z = get(reference, 'z_unscaled');
  const frame = (data: Float32Array, index: number) => data.slice(index * 3 * 64 * 128, (index + 1) * 3 * 64 * 128);
  const pair = await decode(tensor([2, 4, 8, 16], z.data.slice(0, 2 * 4 * 8 * 16)));
  expect(relativeError(frame(pair.data, 1), get(reference, 'frames_chunk2.frame_1').data)).toBeLessThan(DECODE_LIMIT);
  // Five frames two by two leave the last alone.
  const last = await decode(tensor([1, 4, 8, 16], z.data.slice(4 * 4 * 8 * 16)));
  expect(relativeError(last.data, get(reference, 'frames_chunk2.frame_4').data)).toBeLessThan(DECODE_LIMIT);
});

test('a decoder of one layer a block stores its attention and does not run it', () => {
  const { asked, locate } = madeUpWeights();
  vaeDecoderGraph({ ...checkpoint.vae, layers_per_block: 1 }, { frames: 1, ...size }, { dtype: 'float32', locate });
  const names = [...asked.keys()];
  expect(names.filter((name) => name.includes('attentions'))).toEqual([]);
  expect(names).toContain('decoder.mid_block.resnets.0.spatial_res_block.conv1.weight');
});

async function decode({ shape, data }: Tensor): Promise<Tensor> {
  const weights = await checkpoint.weights('vae');
  const [frames] = shape as [number];
  const graph = vaeDecoderGraph(checkpoint.vae, { frames, ...size }, { dtype: 'float32', locate: weights.locate });
  const { sample } = await runGraph<'sample'>(graph, weights.blobs, { latents: tensor(shape, data) });
  return sample;
}
