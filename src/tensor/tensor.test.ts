import { expect, test } from 'vitest';
import { elementCount, tensor } from './tensor';

test('a scalar has one element, and a shape with a 0 has none', () => {
  expect(elementCount([])).toBe(1);
  expect(elementCount([2, 3, 4])).toBe(24);
  expect(elementCount([2, 0, 4])).toBe(0);
});

test('a tensor is zeros unless data is given, and then it is that data', () => {
  expect(tensor([2, 2])).toEqual({ shape: [2, 2], data: new Float32Array(4) });
  const data = new Float32Array([1, 2, 3]);
  expect(tensor([3, 1], data).data).toBe(data);
});

test('data of another length is refused', () => {
  expect(() => tensor([2, 3], new Float32Array(5))).toThrow('A tensor of shape [2,3] has 6 elements, not 5.');
});
