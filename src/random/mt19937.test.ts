import { expect, test } from 'vitest';
import { readReferenceJson } from '../../reference/read';
import { MT19937 } from './mt19937';

const { mt19937_first16 } = readReferenceJson<{ mt19937_first16: Record<string, number[]> }>('rng/rng.json');

test.each(Object.entries(mt19937_first16))('seed %s begins with the integers torch draws', (seed, expected) => {
  const engine = new MT19937(Number(seed));
  expect(expected.map(() => engine.next())).toEqual(expected);
});

test('the 10,000th integer of seed 5489 is the one the C++ standard names', () => {
  const engine = new MT19937(5489);
  for (let i = 1; i < 10_000; i++) engine.next();
  expect(engine.next()).toBe(4123659995);
});
