import { expect, test } from 'vitest';
import { looksLikeModel } from './model-drop';

const choice = (path: string, bytes: number[] = [1, 2, 3]) => ({
  path,
  file: new File([new Uint8Array(bytes)], path.split('/').at(-1) ?? path),
});
const SAFETENSORS = [2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d];

test.each(['svd.safetensors', 'model.ckpt', 'svd.GGUF', 'unet/config.json'])('%s is meant as a model', async (path) => {
  expect(await looksLikeModel([choice(path)])).toBe(true);
});

test('weights are known by their first bytes under any name', async () => {
  expect(await looksLikeModel([choice('download (3)', SAFETENSORS)])).toBe(true);
});

test.each(['lake.png', 'notes.txt', 'clip.mp4'])('%s is not', async (path) => {
  expect(await looksLikeModel([choice(path), choice('another.jpg', [])])).toBe(false);
});
