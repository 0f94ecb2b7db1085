import { expect, test } from 'vitest';
import { Pace, sayBytes } from './transfer';

test('nothing is said of the time left before there is a pace', () => {
  const pace = new Pace();
  expect(pace.note(0, 100, 0).secondsLeft).toBeNull();
  expect(pace.note(10, 100, 1000).secondsLeft).toBeNull();
});

test('the time left follows from the bytes of the last seconds', () => {
  const pace = new Pace();
  pace.note(0, 1000, 0);
  expect(pace.note(200, 1000, 2000).secondsLeft).toBe(8);
});

test('a line that slows down is noticed, and what a resumed download had before does not count as speed', () => {
  const pace = new Pace();
  pace.note(900_000, 1_000_000, 0);
  expect(pace.note(950_000, 1_000_000, 10_000).secondsLeft).toBe(10);
  for (let second = 11; second <= 40; second++) pace.note(950_000 + second * 100, 1_000_000, second * 1000);
  expect(pace.note(954_100, 1_000_000, 41_000).secondsLeft).toBeCloseTo(459, 0);
});

test('bytes that fall back begin a new count', () => {
  const pace = new Pace();
  pace.note(0, 1000, 0);
  pace.note(500, 1000, 5000);
  expect(pace.note(0, 1000, 6000).secondsLeft).toBeNull();
  expect(pace.note(100, 1000, 8000).secondsLeft).toBe(18);
});

test('a line that stands still has no time left to tell', () => {
  const pace = new Pace();
  pace.note(10, 1000, 0);
  expect(pace.note(10, 1000, 60_000).secondsLeft).toBeNull();
});

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1001, '2 kB'],
  [12_345_678, '12.3 MB'],
  [4_510_000_000, '4.51 GB'],
])('%i is said as %s', (bytes, words) => {
  expect(sayBytes(bytes)).toBe(words);
});
