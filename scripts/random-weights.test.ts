import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { SafetensorsFile } from '../src/safetensors/safetensors-file';
import { randomWeightsBytes, type TensorList, writeRandomWeights } from './random-weights';

const folder = mkdtempSync(join(tmpdir(), 'stillmotion-random-weights-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The last is larger than the block of random numbers that all are cut from. */
const tensors: TensorList = [
  ['norm.weight', [320]],
  ['norm.bias', [320]],
  ['mix_factor', [1]],
  ['proj.weight', [3000, 1500]],
];

test('a file of random weights is a sound safetensors file of small normal numbers, scales of norms around 1', async () => {
  const path = join(folder, 'random.safetensors');
  await writeRandomWeights(path, tensors);
  const blob = new Blob([readFileSync(path)]);
  expect(blob.size).toBe(randomWeightsBytes(tensors));

  const file = await SafetensorsFile.open('random', blob);
  expect([...file.tensors].map(([name, { shape, dtype }]) => [name, shape, dtype])).toEqual(
    tensors.map(([name, shape]) => [name, shape, 'F16']),
  );
  const stats = async (name: string) => {
    const { data } = await file.read(name);
    const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
    return { mean, spread: Math.sqrt(data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length) };
  };
  expect((await stats('norm.weight')).mean).toBeCloseTo(1, 2);
  expect((await stats('norm.bias')).mean).toBeCloseTo(0, 2);
  const { mean, spread } = await stats('proj.weight');
  expect(mean).toBeCloseTo(0, 4);
  expect(spread).toBeCloseTo(0.02, 4);
});
