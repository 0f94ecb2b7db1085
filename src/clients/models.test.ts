import { expect, test } from 'vitest';
import { firstModel } from './models';

test('the first model of the list is taken', () => {
  expect(
    firstModel([
      { name: 'first', files: [] },
      { name: 'second', files: [] },
    ]),
  ).toBe('first');
});

test.each([[[]], [null], [{ name: 'x' }], [['x']], [[null]], [[{ name: 3, files: [] }]]])(
  '%j holds no model',
  (index) => {
    expect(firstModel(index)).toBeUndefined();
  },
);
