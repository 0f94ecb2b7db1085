import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ModelInfo } from '../../workers/inference/api';
import { checkSettings } from '../pipelines/settings';
import { dropImpossible, FIELDS, findFaults, nearestSize, readChosen, resolve } from './settings-fields';

const model: ModelInfo = {
  name: 'a model',
  sizeMultiple: 16,
  sizes: [
    [256, 144],
    [144, 256],
    [192, 192],
  ],
  defaults: {
    width: 256,
    height: 144,
    numFrames: 14,
    fps: 7,
    motionBucketId: 127,
    noiseAugStrength: 0.02,
    numInferenceSteps: 4,
    minGuidanceScale: 1,
    maxGuidanceScale: 1,
    decodeChunkSize: 1,
    seed: 0,
  },
};
const faultsOf = (chosen: object) => findFaults({ ...model.defaults, ...chosen }, model);

test("the model's defaults are faultless", () => {
  expect(faultsOf({})).toEqual({});
});

describe('a fault stands beside its field', () => {
  test.each([
    [{ numFrames: 0 }, { numFrames: 'Give a whole number from 1 to 25.' }],
    [{ numFrames: 2.5 }, { numFrames: 'Give a whole number from 1 to 25.' }],
    [{ numInferenceSteps: 0 }, { numInferenceSteps: 'Give a whole number from 1 to 100.' }],
    [{ fps: Number.NaN }, { fps: 'Give a whole number from 1 to 60.' }],
    [{ noiseAugStrength: 1.5 }, { noiseAugStrength: 'Give a number from 0 to 1.' }],
    [{ seed: 2 ** 32 }, { seed: 'Give a whole number from 0 to 4294967295.' }],
    [{ width: 250 }, { width: 'Give a multiple of 16, such as 240 or 256.' }],
    [{ height: 5 }, { height: 'Give a whole number from 16 to 4096.' }],
  ])('%j', (chosen, faults) => {
    expect(faultsOf(chosen)).toEqual(faults);
  });

  test('guidance that starts above 1 and ends at 1 or below', () => {
    expect(faultsOf({ minGuidanceScale: 1.5, maxGuidanceScale: 1 })).toHaveProperty('minGuidanceScale');
    expect(faultsOf({ minGuidanceScale: 1, maxGuidanceScale: 3 })).toEqual({});
    expect(faultsOf({ minGuidanceScale: 3, maxGuidanceScale: 1.5 })).toEqual({});
    expect(faultsOf({ minGuidanceScale: 0.5, maxGuidanceScale: 1 })).toEqual({});
  });
});

test('the form finds a fault exactly where the worker would', () => {
  const near = Object.fromEntries(
    Object.values(FIELDS).map(({ key, min, max }) => [
      key,
      fc.oneof(
        fc.constantFrom(min - 1, min, max, max + 1, min + 0.5, 32, 33, 1, Number.NaN),
        fc.double({ min: min - 1, max: max + 1 }),
        fc.integer({ min, max }),
      ),
    ]),
  );
  fc.assert(
    fc.property(fc.record(near, { requiredKeys: [] }), (chosen) => {
      const settings = { ...model.defaults, ...chosen };
      const refuses = (() => {
        try {
          checkSettings(settings, model.sizeMultiple);
          return false;
        } catch {
          return true;
        }
      })();
      expect(Object.keys(findFaults(settings, model)).length > 0).toBe(refuses);
    }),
    { numRuns: 1000 },
  );
});

describe('what was saved', () => {
  test('comes back as it was chosen', () => {
    expect(readChosen({ numFrames: 8, seed: 5, width: 64, height: 32 })).toEqual({
      numFrames: 8,
      seed: 5,
      width: 64,
      height: 32,
    });
  });

  test('loses what is unknown, out of range or half a size', () => {
    expect(
      readChosen({ numFrames: 0, fps: '7', seed: null, width: 64, toString: 1, other: 3, numInferenceSteps: 9 }),
    ).toEqual({
      numInferenceSteps: 9,
    });
  });

  test('never breaks the form, whatever it is', () => {
    fc.assert(
      fc.property(fc.anything(), (saved) => {
        const faults = findFaults(resolve(readChosen(saved), model), { ...model, sizeMultiple: 1 });
        delete (faults as { minGuidanceScale?: string }).minGuidanceScale;
        expect(faults).toEqual({});
      }),
    );
  });
});

test('the size follows the picture until one is chosen', () => {
  expect(resolve({}, model)).toMatchObject({ width: 256, height: 144 });
  expect(resolve({}, model, { width: 3000, height: 3500 })).toMatchObject({ width: 192, height: 192 });
  expect(resolve({}, model, { width: 1080, height: 2400 })).toMatchObject({ width: 144, height: 256 });
  expect(resolve({ width: 64, height: 64 }, model, { width: 16, height: 9 })).toMatchObject({ width: 64, height: 64 });
});

test('a model that names no size has the size of its defaults', () => {
  expect(nearestSize({ ...model, sizes: [] }, { width: 1, height: 5 })).toEqual([256, 144]);
});

test('a size that the model cannot make is handed back to it and said; what it can make stays', () => {
  const coarse = { ...model, name: 'SVD-XT', sizeMultiple: 64 };
  expect(dropImpossible({ width: 100, height: 64, fps: 9 }, coarse)).toEqual({
    impossible: { width: undefined, height: undefined },
    text: 'SVD-XT makes sizes in multiples of 64, so your 100 × 64 was let go: the size follows the picture again.',
  });
  expect(dropImpossible({ width: 128, height: 64 }, coarse)).toEqual({ impossible: {} });
  expect(dropImpossible({ fps: 9 }, coarse)).toEqual({ impossible: {} });
});
