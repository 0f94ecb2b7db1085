import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coverCrop, fitWithin } from './crop';

test('a wide picture loses its sides, a tall one top and bottom', () => {
  expect(coverCrop({ width: 400, height: 100 }, { width: 64, height: 64 })).toEqual({
    x: 150,
    y: 0,
    width: 100,
    height: 100,
  });
  expect(coverCrop({ width: 90, height: 200 }, { width: 160, height: 90 })).toEqual({
    x: 0,
    y: 74,
    width: 90,
    height: 51,
  });
});

test('a picture of the right aspect is left whole', () => {
  expect(coverCrop({ width: 768, height: 432 }, { width: 256, height: 144 })).toEqual({
    x: 0,
    y: 0,
    width: 768,
    height: 432,
  });
});

test('the crop lies inside, touches two sides and has the aspect to within a pixel', () => {
  const side = fc.integer({ min: 1, max: 4096 });
  fc.assert(
    fc.property(side, side, side, side, (width, height, targetWidth, targetHeight) => {
      const crop = coverCrop({ width, height }, { width: targetWidth, height: targetHeight });
      const aspect = targetWidth / targetHeight;
      expect(crop.x >= 0 && crop.y >= 0 && crop.x + crop.width <= width && crop.y + crop.height <= height).toBe(true);
      expect(crop.width === width || crop.height === height).toBe(true);
      expect(
        Math.min(Math.abs(crop.width - crop.height * aspect), Math.abs(crop.height - crop.width / aspect)),
      ).toBeLessThanOrEqual(1);
    }),
  );
});

test('fitting scales down and never up', () => {
  expect(fitWithin({ width: 4096, height: 1024 }, 2048)).toEqual({ width: 2048, height: 512 });
  expect(fitWithin({ width: 20, height: 10 }, 2048)).toEqual({ width: 20, height: 10 });
  expect(fitWithin({ width: 30000, height: 1 }, 2048)).toEqual({ width: 2048, height: 1 });
});
