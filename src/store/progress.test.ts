import { describe, expect, test } from 'vitest';
import { Eta, overallFraction, STAGES, sayDuration, shareDone } from './progress';

describe('the end of a stage', () => {
  const step = (step: number) => ({ stage: 'denoising', step, total: 10 }) as const;

  test('cannot be told before two units', () => {
    const eta = new Eta();
    expect(eta.note({ stage: 'encoding' }, 0)).toBeNull();
    expect(eta.note(step(1), 1000)).toBeNull();
  });

  test('follows the pace', () => {
    const eta = new Eta();
    eta.note(step(1), 1000);
    expect(eta.note(step(2), 3000)).toBe(3000 + 8 * 2000);
  });

  test('forgets what the start of the stage cost', () => {
    const eta = new Eta();
    eta.note(step(0), 0);
    expect(eta.note(step(1), 15000)).toBe(15000 + 9 * 15000);
    expect(eta.note(step(2), 16000)).toBe(16000 + 8 * 1000);
  });

  test('is not moved by a report that says the same again', () => {
    const eta = new Eta();
    eta.note(step(1), 1000);
    eta.note(step(2), 2000);
    expect(eta.note(step(2), 2900)).toBe(10000);
  });

  test('starts anew with the next file, and is silent when one is complete', () => {
    const eta = new Eta();
    const loaded = (loadedBytes: number, totalBytes: number) =>
      ({ stage: 'loading', part: 'vae', loadedBytes, totalBytes }) as const;
    eta.note(loaded(50, 100), 0);
    expect(eta.note(loaded(100, 100), 1000)).toBeNull();
    expect(eta.note(loaded(20, 900), 2000)).toBeNull();
  });

  test('starts anew with the next stage', () => {
    const eta = new Eta();
    eta.note(step(9), 0);
    eta.note(step(10), 1000);
    expect(eta.note({ stage: 'decoding', frame: 1, total: 14 }, 1500)).toBeNull();
  });
});

test('the shares of the stages make one whole', () => {
  expect(STAGES.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
});

test('the bars fill one after the other', () => {
  const bars = (overall: number) => STAGES.map((_, index) => Math.round(100 * shareDone(index, overall)));
  expect(bars(0)).toEqual([0, 0, 0, 0, 0]);
  expect(bars(0.43)).toEqual([100, 100, 50, 0, 0]);
  expect(bars(1)).toEqual([100, 100, 100, 100, 100]);
});

test('stages in their order only move forward', () => {
  const run = [
    { stage: 'opening' },
    { stage: 'loading', part: 'unet', loadedBytes: 0, totalBytes: 0 },
    { stage: 'loading', part: 'unet', loadedBytes: 5, totalBytes: 5 },
    { stage: 'encoding' },
    { stage: 'denoising', step: 0, total: 4 },
    { stage: 'denoising', step: 4, total: 4 },
    { stage: 'decoding', frame: 1, total: 14 },
    { stage: 'decoding', frame: 14, total: 14 },
    { stage: 'encodingMp4' },
  ] as const;
  const fractions = run.map(overallFraction);
  expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  expect(fractions.at(-1)).toBeLessThan(1);
});

test.each([
  [0.2, '1 s'],
  [59.4, '59 s'],
  [59.6, '1 min 0 s'],
  [3 * 3600 + 125, '3 h 2 min'],
])('%d seconds are said as %s', (seconds, said) => {
  expect(sayDuration(seconds)).toBe(said);
});
