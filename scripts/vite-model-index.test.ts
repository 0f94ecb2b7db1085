import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listModels } from './vite-model-index';

test('lists every folder and every file below it with its size, whatever the depth', () => {
  const root = mkdtempSync(join(tmpdir(), 'models-'));
  mkdirSync(join(root, 'b', 'unet', 'deep'), { recursive: true });
  mkdirSync(join(root, 'a'));
  writeFileSync(join(root, 'b', 'unet', 'config.json'), '{}');
  writeFileSync(join(root, 'b', 'unet', 'deep', 'weights.safetensors'), '12345');
  writeFileSync(join(root, 'README.md'), 'not a model');

  expect(listModels(root)).toEqual([
    { name: 'a', files: [] },
    {
      name: 'b',
      files: [
        { path: 'unet/config.json', size: 2 },
        { path: 'unet/deep/weights.safetensors', size: 5 },
      ],
    },
  ]);
});
