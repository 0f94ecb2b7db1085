import { describe, expect, test, vi } from 'vitest';
import { readReferenceJson } from '../../reference/read';
import { clipVisionConfig, unetConfig, vaeConfig } from './config';
import { type MemoryPlan, planClip, planDecoder, planner, STAGES } from './plan';

// Seconds of work, more on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

/** SVD-XT at its real sizes: no weights and no runtime, only the graphs. Gigabytes are powers of ten. */
const { configs: json } = readReferenceJson<{ configs: Record<string, unknown> }>('manifest/summary.json');
const configs = {
  unet: unetConfig.parse(json.unet),
  vae: vaeConfig.parse(json.vae),
  imageEncoder: clipVisionConfig.parse(json.image_encoder),
};
const GB = 1e9;
const FULL = { frames: 25, height: 576, width: 1024 };
const SMALL = { frames: 14, height: 320, width: 512 };

test.each([
  [FULL, 8 * GB],
  [SMALL, 5 * GB],
])('SVD-XT in float16, %j, fits %i bytes', (clip, budget) => {
  const plan = planClip(configs, clip, 'float16', budget);
  expect(plan.fits).toBe(true);
  expect(plan.peakBytes).toBeLessThanOrEqual(budget);
});

describe('25 frames of 1024x576', () => {
  const plan = planner(configs, FULL, 'float16');
  const plans = [4, 6, 8, 12, 16].map((gigabytes) => plan(gigabytes * GB));

  test('need more than 6 GB however they are cut, and the plan says how much', () => {
    const fits = plans.map(({ fits }) => fits);
    expect(fits).toEqual([false, false, true, true, true]);
    expect(plans[0]?.peakBytes).toBeGreaterThan(6 * GB);
    expect(plans[0]?.peakBytes).toBeLessThan(8 * GB);
  });

  test('are cut less the more there is', () => {
    const limits = plans.map(({ stages }) => stages.unet.maxTensorBytes);
    expect(limits).toEqual([...limits].sort((a, b) => a - b));
    const frames = plans.map(({ stages }) => stages.vaeDecoder.frames);
    expect(frames).toEqual([...frames].sort((a, b) => a - b));
  });

  test('peak where the largest stage does, and a stage’s peak is the sum of what it is told to be', () => {
    for (const { stages, peakBytes, budgetBytes, fits } of plans as MemoryPlan[]) {
      expect(peakBytes).toBe(Math.max(...STAGES.map((stage) => stages[stage].peakBytes)));
      expect(fits).toBe(peakBytes <= budgetBytes);
      for (const { weightsBytes, activationsBytes, scratchBytes, ...stage } of Object.values(stages)) {
        expect(stage.peakBytes).toBe(weightsBytes + activationsBytes + scratchBytes);
      }
    }
  });

  test('are encoded in float32, as the config asks, and decoded in float16', () => {
    expect(plans[2]?.stages.vaeEncoder.dtype).toBe('float32');
    expect(plans[2]?.stages.vaeDecoder.dtype).toBe('float16');
  });
});

describe('the frames decoded at once', () => {
  test('are those that the user chose, where he chose', () => {
    const plan = planClip(configs, { ...SMALL, decodeChunkSize: 3 }, 'float16', 16 * GB);
    expect(plan.stages.vaeDecoder.frames).toBe(3);
  });

  test('are never more than the clip’s', () => {
    expect(planDecoder(configs.vae, { frames: 2, height: 64, width: 64 }, 'float16', 16 * GB).frames).toBe(2);
    expect(planClip(configs, { ...SMALL, decodeChunkSize: 30 }, 'float16', 16 * GB).stages.vaeDecoder.frames).toBe(14);
  });

  test('are one where nothing fits', () => {
    expect(planDecoder(configs.vae, SMALL, 'float16', 1).frames).toBe(1);
  });
});
