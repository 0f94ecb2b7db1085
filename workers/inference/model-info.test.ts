import { expect, test, vi } from 'vitest';
import { Checkpoint } from '../../src/checkpoints/checkpoint';
import { KNOWN_MODELS, type KnownModelId } from '../../src/checkpoints/known-models';
import { denoise, type Networks } from '../../src/pipelines/stable-video-diffusion';
import { Generator } from '../../src/random/generator';
import { schedulerFromConfig } from '../../src/schedulers/from-config';
import { type Tensor, tensor } from '../../src/tensor/tensor';
import { modelInfo } from './model-info';
import { checkpointFacts } from './networks';

// The frames to decode at once are planned: a second of work, more on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const SVD_XT = {
  numInferenceSteps: 25,
  minGuidanceScale: 1,
  maxGuidanceScale: 3,
  motionBucketId: 127,
  noiseAugStrength: 0.02,
  fps: 7,
  width: 1024,
  height: 576,
};

test.each([
  ['svd', { ...SVD_XT, numFrames: 14 }, 'EulerDiscreteScheduler', 50],
  ['svd-xt', { ...SVD_XT, numFrames: 25 }, 'EulerDiscreteScheduler', 50],
  ['svd-xt-1-1', { ...SVD_XT, numFrames: 25 }, 'EulerDiscreteScheduler', 50],
  [
    'animatelcm-svd',
    { ...SVD_XT, numFrames: 25, numInferenceSteps: 4, maxGuidanceScale: 1, motionBucketId: 80 },
    'AnimateLCMSVDStochasticIterativeScheduler',
    4,
  ],
] as const)(
  '%s begins with its own settings: %j, by %s, in %i calls of the UNet',
  async (id, settings, scheduler, calls) => {
    const checkpoint = await Checkpoint.open(configsOnly(id));
    const { defaults } = await modelInfo(id, checkpoint, 'float16', 8 * 2 ** 30);
    expect(defaults).toMatchObject(settings);
    expect(schedulerFromConfig(checkpoint.scheduler, defaults.numInferenceSteps).constructor.name).toBe(scheduler);
    expect(await unetCalls(checkpoint, { ...defaults, width: 64, height: 64, numFrames: 1 })).toBe(calls);
  },
);

test('a folder without a generation_config.json begins with diffusers’ defaults', async () => {
  const { paths, open } = configsOnly('svd-xt');
  const files = { paths: paths.filter((path) => path !== 'generation_config.json'), open };
  const { name, defaults } = await modelInfo('my folder', await Checkpoint.open(files), 'float16', 8 * 2 ** 30);
  expect(name).toBe('my folder');
  expect(defaults).toMatchObject({ ...SVD_XT, numFrames: 25 });
});

/** The small files of a known model; what it borrows is SVD's. */
function configsOnly(id: KnownModelId) {
  const configsOf = (wanted: KnownModelId) => KNOWN_MODELS.find((model) => model.id === wanted)?.configs ?? {};
  const texts: Readonly<Record<string, string>> = { ...configsOf('svd'), ...configsOf(id) };
  return { paths: Object.keys(texts), open: async (path: string) => new Blob([texts[path] as string]) };
}

/** How often a run calls a UNet, here one that predicts nothing. */
async function unetCalls(
  checkpoint: Checkpoint,
  settings: Awaited<ReturnType<typeof modelInfo>>['defaults'],
): Promise<number> {
  let calls = 0;
  const unet = async () => ({
    async run({ sample: { shape } }: { readonly sample: Tensor }) {
      calls++;
      const [frames, channels, height, width] = shape as [number, number, number, number];
      return tensor([frames, channels / 2, height, width]);
    },
    async release() {},
  });
  const conditions = { imageEmbeds: tensor([1, 1024]), imageLatents: tensor([1, 4, 8, 8]) };
  const networks = { unet } as unknown as Networks;
  const scheduler = schedulerFromConfig(checkpoint.scheduler, settings.numInferenceSteps);
  const steps = denoise(conditions, settings, checkpointFacts(checkpoint), networks, scheduler, new Generator(0));
  for await (const _ of steps);
  return calls;
}
