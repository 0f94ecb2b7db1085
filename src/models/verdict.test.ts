import { describe, expect, test, vi } from 'vitest';
import { readReferenceJson } from '../../reference/read';
import { clipVisionConfig, unetConfig, vaeConfig } from './config';
import { planClip } from './plan';
import { type JudgedClip, type Machine, verdict } from './verdict';

// Seconds of work, more on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const { configs: json } = readReferenceJson<{ configs: Record<string, unknown> }>('manifest/summary.json');
const configs = {
  unet: unetConfig.parse(json.unet),
  vae: vaeConfig.parse(json.vae),
  imageEncoder: clipVisionConfig.parse(json.image_encoder),
};

const GIB = 2 ** 30;
const XT: JudgedClip = { frames: 25, width: 1024, height: 576, numInferenceSteps: 25, maxGuidanceScale: 3 };
const SMALL: JudgedClip = { ...XT, frames: 14, width: 512, height: 320 };
const GPU: Machine = {
  backend: 'webgpu',
  dtype: 'float16',
  flops: { conv: 1e12, gemm: 1e12, attention: 1e12 },
  maxTensorBytes: 4 * GIB,
};
const CPU: Machine = { ...GPU, backend: 'wasm', dtype: 'float32', maxTensorBytes: 4 * GIB };

describe('time', () => {
  const seconds = (clip: JudgedClip, machine = GPU) => verdict(configs, clip, machine, 32 * GIB).seconds;

  test('is all arithmetic of a clip: 25 steps of two UNet calls, the VAE and the image encoder', () => {
    // 77.0 teraflop a call, 174 for the decoder, 0.33 for the image encoder, 2.7 for the VAE's encoder.
    expect(seconds(XT) / (50 * 77.0 + 173.6 + 0.33 + 2.7)).toBeCloseTo(1, 2);
  });

  test('of a step halves without guidance', () => {
    const unguided = { ...XT, maxGuidanceScale: 1 };
    expect((seconds(XT) - seconds(unguided)) / (25 * 77.0)).toBeCloseTo(1, 2);
  });

  test('follows the speed of each kind of operator', () => {
    const base = seconds(SMALL);
    const twice = (kind: keyof Machine['flops']) =>
      base - seconds(SMALL, { ...GPU, flops: { ...GPU.flops, [kind]: 2e12 } });
    const saved = [twice('conv'), twice('gemm'), twice('attention')];
    for (const each of saved) expect(each).toBeGreaterThan(0);
    expect((2 * saved.reduce((sum, each) => sum + each, 0)) / base).toBeCloseTo(1, 6);
  });
});

describe('memory', () => {
  test('is the planner’s, and within the budget the clip fits', () => {
    const { peakBytes } = planClip(configs, SMALL, 'float16', 8 * GIB);
    expect(verdict(configs, SMALL, GPU, 8 * GIB)).toMatchObject({ fits: true, peakBytes });
  });

  test('above the budget is told, with the largest setting that fits', () => {
    const judged = verdict(configs, XT, GPU, 3.5 * GIB);
    expect(judged.fits).toBe(false);
    expect(judged.reason).toMatch(/^It needs \d\.\d GB of memory, and 3\.5 GB may be taken\.$/);
    const { nearest } = judged;
    if (!nearest) throw new Error('Nothing smaller was offered.');
    expect(nearest.width * nearest.height * nearest.frames).toBeLessThan(XT.width * XT.height * XT.frames);
    expect((nearest.width % 64) + (nearest.height % 64)).toBe(0);
    expect(verdict(configs, { ...XT, ...nearest }, GPU, 3.5 * GIB).fits).toBe(true);
  });

  test('that the weights alone pass leaves nothing to offer', () => {
    const judged = verdict(configs, XT, CPU, 4 * GIB);
    expect(judged.reason).toMatch(/without a GPU a browser gives 4\.0 GB at most\.$/);
    expect(judged.nearest).toBeUndefined();
  });
});

test('a tensor that no buffer of the GPU holds is told', () => {
  const judged = verdict(configs, XT, { ...GPU, maxTensorBytes: 128 * 2 ** 20 }, 16 * GIB);
  expect(judged.fits).toBe(false);
  expect(judged.reason).toMatch(/^Its largest tensor takes \d\.\d GB, and this GPU holds 0\.1 GB in one buffer\.$/);
});
