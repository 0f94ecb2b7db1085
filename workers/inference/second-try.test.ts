import { join } from 'node:path';
import * as ort from 'onnxruntime-web';
import { expect, test, vi } from 'vitest';
import { readReferencePicture } from '../../reference/read';
import { withScaled } from '../../reference/scaled-weights';
import { filesOf } from '../../reference/tiny-checkpoint';
import { Checkpoint, type CheckpointFiles } from '../../src/checkpoints/checkpoint';
import type { Settings } from '../../src/pipelines/settings';
import { type Networks, stableVideoDiffusion } from '../../src/pipelines/stable-video-diffusion';
import { schedulerFromConfig } from '../../src/schedulers/from-config';
import { openNetwork } from './network';
import { checkpointFacts, networksFrom } from './networks';

// On the CPU ONNX Runtime widens float16 operators and rounds their results, so that they overflow where a GPU's do.

// Seconds of work, more on a busy machine.
vi.setConfig({ testTimeout: 120_000 });
ort.env.wasm.numThreads = 1;

const tiny = filesOf(join(import.meta.dirname, '../../reference/tiny'));
const picture = readReferencePicture('stages/image_128x64.png');

const SETTINGS: Settings = {
  width: 64,
  height: 64,
  numFrames: 3,
  fps: 7,
  motionBucketId: 127,
  noiseAugStrength: 0.02,
  numInferenceSteps: 2,
  minGuidanceScale: 1,
  maxGuidanceScale: 1,
  // Two graphs of the decoder: two frames, then one.
  decodeChunkSize: 2,
  seed: 3,
};

const UNET = 'unet/diffusion_pytorch_model.safetensors';
const VAE = 'vae/diffusion_pytorch_model.safetensors';
const IMAGE_ENCODER = 'image_encoder/model.safetensors';

/**
 * Weights multiplied where a norm further on undoes it: full precision gives ordinary numbers, and in half precision what
 * lies between is beyond 65504.
 */
const OVERFLOWS = [
  {
    network: 'image encoder',
    stage: 'imageEncoder',
    scales: { [IMAGE_ENCODER]: { 'vision_model.embeddings.patch_embedding.weight': 2 ** 18 } },
  },
  {
    network: 'VAE encoder',
    stage: 'vaeEncoder',
    scales: { [VAE]: { 'encoder.mid_block.attentions.0.to_v.weight': 2 ** 16 } },
  },
  { network: 'UNet', stage: 'unet', scales: { [UNET]: { 'conv_in.weight': 2 ** 16 } } },
  { network: 'VAE decoder', stage: 'vaeDecoder', scales: { [VAE]: { 'decoder.conv_in.weight': 2 ** 15 } } },
] as const;

test.each(OVERFLOWS)(
  'the $network is run again in float32 where float16 overflows, once',
  async ({ network, stage, scales }) => {
    const checkpoint = await open(withScaled(tiny, scales));
    const told: string[] = [];
    const clip = await frames(checkpoint, networks(checkpoint, 'float16', told));
    expect(told).toEqual([network]);

    const half = networks(checkpoint, 'float16');
    const full = networks(checkpoint, 'float32');
    const expected = await frames(checkpoint, { ...half, [stage]: full[stage] });
    expect(clip).toEqual(expected);
    expect(expected.every(Number.isFinite)).toBe(true);
  },
);

test('weights that half precision suffices for are run once', async () => {
  const checkpoint = await open(tiny);
  const told: string[] = [];
  await frames(checkpoint, networks(checkpoint, 'float16', told));
  expect(told).toEqual([]);
});

test('a stage that overflows float32 too ends the run with a sentence', async () => {
  const infinite = withScaled(tiny, { [UNET]: { 'conv_in.bias': Number.POSITIVE_INFINITY } });
  const checkpoint = await open(infinite);
  const told: string[] = [];
  await expect(frames(checkpoint, networks(checkpoint, 'float16', told))).rejects.toMatchObject({
    name: 'NotFiniteError',
    message: expect.stringMatching(/^The UNet gave numbers that are not finite, in full precision too\./),
  });
  expect(told).toEqual(['UNet']);
  await expect(frames(checkpoint, networks(checkpoint, 'float32'))).rejects.toThrow('The UNet gave numbers');
});

/** The tiny checkpoint's VAE encoder asks for float32; here it may overflow as the others. */
async function open(files: CheckpointFiles): Promise<Checkpoint> {
  return Checkpoint.open({
    paths: files.paths,
    async open(path) {
      const blob = await files.open(path);
      if (path !== 'vae/config.json') return blob;
      return new Blob([JSON.stringify({ ...JSON.parse(await blob.text()), force_upcast: false })]);
    },
  });
}

function networks(checkpoint: Checkpoint, dtype: 'float32' | 'float16', told: string[] = []): Networks {
  return networksFrom(checkpoint, dtype, (graph, blobs) => openNetwork({ ort, readsBlobs: false }, graph, blobs), {
    onSecondTry: (network) => told.push(network),
  });
}

/** All frames as the decoder gave them. */
async function frames(checkpoint: Checkpoint, networks: Networks): Promise<number[]> {
  const scheduler = schedulerFromConfig(checkpoint.scheduler, SETTINGS.numInferenceSteps);
  const values: number[] = [];
  for await (const event of stableVideoDiffusion(picture, SETTINGS, checkpointFacts(checkpoint), networks, scheduler)) {
    if (event.stage === 'decoding') for (const value of event.sample.data) values.push(value);
  }
  return values;
}
