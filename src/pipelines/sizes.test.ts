import { expect, test } from 'vitest';
import { nearestAspect } from './sizes';

const SIZES = [
  [1024, 576],
  [576, 1024],
  [768, 768],
] as const;

test.each([
  [{ width: 1920, height: 1080 }, [1024, 576]],
  [{ width: 9, height: 16 }, [576, 1024]],
  [{ width: 500, height: 480 }, [768, 768]],
  [{ width: 4000, height: 10 }, [1024, 576]],
])('%j is nearest to %j', (wanted, size) => {
  expect(nearestAspect(SIZES, wanted)).toEqual(size);
});

test('of aspects that are equal the first is taken', () => {
  const sizes = [
    [512, 288],
    [1024, 576],
  ] as const;
  expect(nearestAspect(sizes, { width: 1024, height: 576 })).toEqual([512, 288]);
});

test('of no sizes none is nearest', () => {
  expect(nearestAspect([], { width: 1, height: 1 })).toBeUndefined();
});
