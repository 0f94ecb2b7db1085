import { describe, expect, test } from 'vitest';
import { readReferenceJson } from '../../reference/read';
import { parseConfig, unetConfig } from '../models/config';
import { Checkpoint } from './checkpoint';
import { readGenerationConfig } from './generation-config';
import { KNOWN_MODELS, knownModel } from './known-models';

/** The configs of the real SVD-XT. */
const { configs } = readReferenceJson<{ configs: Record<string, Record<string, unknown>> }>('manifest/summary.json');

const filesOf = (texts: Readonly<Record<string, string>>) => ({
  paths: Object.keys(texts),
  open: async (path: string) => new Blob([texts[path] ?? '']),
});

describe.each(KNOWN_MODELS.filter(({ components }) => components.length === 3))('$title', (model) => {
  test('has the configs of the real checkpoint, which fit together', async () => {
    const { unet, vae, imageEncoder, preprocessor, scheduler } = await Checkpoint.open(filesOf(model.configs));
    expect(unet).toMatchObject({ ...configs.unet, num_frames: model.numFrames });
    const { sample_size: _, ...vaeConfig } = configs.vae ?? {};
    expect(vae).toMatchObject(vaeConfig);
    expect(imageEncoder).toMatchObject(configs.image_encoder ?? {});
    // What the file has beyond these is of training and of samplers that are not this one.
    expect(configs.scheduler).toMatchObject(scheduler);
    // The tiny checkpoint's is the real one.
    expect(readReferenceJson('tiny/feature_extractor/preprocessor_config.json')).toMatchObject(preprocessor);
  });

  test('is best asked for what its authors ask it for', async () => {
    const generation = await readGenerationConfig(await Checkpoint.open(filesOf(model.configs)));
    expect(generation).toMatchObject({
      title: model.title,
      num_inference_steps: 25,
      min_guidance_scale: 1,
      max_guidance_scale: 3,
      motion_bucket_id: 127,
      noise_aug_strength: 0.02,
      fps: 7,
    });
    expect(generation).toMatchObject(model.generation);
  });
});

test('AnimateLCM-SVD brings a UNet and a scheduler, to be laid over SVD-XT', async () => {
  const lcm = knownModel('animatelcm-svd');
  const merged = await Checkpoint.open(filesOf({ ...knownModel('svd-xt').configs, ...lcm.configs }));
  expect(merged.unet).toEqual(parseConfig('', unetConfig, { ...configs.unet, num_frames: 25 }));
  expect(merged.scheduler).toMatchObject({
    _class_name: 'AnimateLCMSVDStochasticIterativeScheduler',
    num_train_timesteps: 40,
  });
  expect(await readGenerationConfig(merged)).toMatchObject({ num_inference_steps: 4, max_guidance_scale: 1 });
});

test('every model is pinned to a commit where one is known, and its files lie in diffusers’ layout', () => {
  for (const { id, hub, components, configs: texts } of KNOWN_MODELS) {
    expect(hub.revision).toMatch(id === 'animatelcm-svd' ? /^main$/ : /^[0-9a-f]{40}$/);
    expect(hub.page).toBe(`https://huggingface.co/${hub.repo}`);
    const weights = hub.files.filter(({ path }) => path.endsWith('.safetensors')).map(({ path }) => path.split('/')[0]);
    expect(weights).toEqual(components);
    const small = hub.files.map(({ path }) => path).filter((path) => path.endsWith('.json'));
    expect(Object.keys(texts)).toEqual(expect.arrayContaining(small));
  }
  expect(() => knownModel('sdxl' as never)).toThrow('No model is known by the id sdxl.');
});
