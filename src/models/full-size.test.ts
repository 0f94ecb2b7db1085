import { describe, expect, test, vi } from 'vitest';
import { madeUpWeights } from '../../reference/made-up-weights';
import { readReferenceJson } from '../../reference/read';
import { type Cost, cost, totalMacs } from '../onnx/cost';
import { modelProto } from '../onnx/proto';
import { atLevel, clipVisionConfig, unetConfig, vaeConfig } from './config';
import { type ClipShape, imageEncoderGraph, unetGraph, vaeDecoderGraph, vaeEncoderGraph } from './graphs';

// Seconds of work, more on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

/** The real SVD-XT at its real sizes: no weights and no runtime, only the graphs. */
const { configs } = readReferenceJson<{ configs: Record<string, unknown> }>('manifest/summary.json');
const unet = unetConfig.parse(configs.unet);
const vae = vaeConfig.parse(configs.vae);
const clip = clipVisionConfig.parse(configs.image_encoder);
const float16 = () => ({ dtype: 'float16', locate: madeUpWeights().locate }) as const;

const GIB = 2 ** 30;
const teraflop = (cost: Cost) => (2 * totalMacs(cost)) / 1e12;

describe('SVD-XT’s UNet', () => {
  test('25 frames of 1024x576 build in time, in a megabyte and a half, of tensors below a gigabyte', () => {
    const start = performance.now();
    const graph = unetGraph(unet, { frames: 25, height: 72, width: 128 }, float16());
    const bytes = modelProto(graph).byteLength;
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(bytes).toBeLessThan(1.5e6);
    expect(cost(graph).largestBytes).toBeLessThan(GIB);
  });

  // Teraflop of one call with cross-attention, summed over diffusers' layers; a published profile of the second says 45.4.
  test.each([
    [{ frames: 25, height: 72, width: 128 }, 79.8],
    [{ frames: 14, height: 72, width: 128 }, 44.7],
    [{ frames: 14, height: 40, width: 64 }, 10.7],
  ])('%j (latents) takes %f teraflop less those of the cross-attention', (shape, whole) => {
    const ours = teraflop(cost(unetGraph(unet, shape, float16())));
    expect(ours / (whole - crossAttention(shape))).toBeCloseTo(1, 2);
  });

  test('the cross-attention left out is one part in 28', () => {
    expect(crossAttention({ frames: 25, height: 72, width: 128 })).toBeCloseTo(2.88, 2);
  });
});

describe('its VAE', () => {
  const size = { frames: 25, height: 576, width: 1024 };

  test('decodes 25 frames of 1024x576 in 173.6 teraflop', () => {
    expect(teraflop(cost(vaeDecoderGraph(vae, size, float16()))) / 173.6).toBeCloseTo(1, 3);
  });

  test('encodes a picture in tensors far below that', () => {
    const { largestBytes } = cost(vaeEncoderGraph(vae, size, float16()));
    expect(largestBytes).toBeLessThan(GIB / 4);
  });
});

test('the image encoder takes 0.33 teraflop', () => {
  expect(teraflop(cost(imageEncoderGraph(clip, float16())))).toBeCloseTo(0.33, 2);
});

/**
 * Teraflop that cross-attention would take: to_q and to_out for every token of a transformer's two blocks, one score for each
 * token, and to_k and to_v for the one token of context. Height and width in latents.
 */
function crossAttention({ frames, height, width }: ClipShape): number {
  const last = unet.block_out_channels.length - 1;
  const macs = unet.block_out_channels.map((channels, level) => {
    // The mid block is as deep as the last level, which has no transformers of its own.
    const layers = atLevel(unet.layers_per_block, level);
    const transformers = level < last ? 2 * layers + 1 : 1;
    const tokens = (frames * height * width) / 4 ** level;
    return 2 * transformers * (2 * tokens * channels ** 2 + 2 * tokens * channels + 2 * channels * 1024);
  });
  return (2 * macs.reduce((sum, count) => sum + count, 0)) / 1e12;
}
