import { expect, test } from './fixtures';

test('a GPU emulated in software is passed over for wasm, and the page says why', async ({ app }) => {
  await app.open();
  await expect(app.machine).toContainText(/ on wasm \(CPU, \d+ threads?, float32\)/);
  await expect(app.machine).toContainText('emulated in software, which is slower than the CPU itself');
});

test('a GPU without half precision is used in single precision, and the page says so', async ({ app, page }) => {
  await app.open('?backend=webgpu');
  const half = await page.evaluate(async () =>
    (await navigator.gpu.requestAdapter())?.features.has('shader-f16' as GPUFeatureName),
  );
  expect(half).toBe(false);
  await expect(app.machine).toContainText(/ on WebGPU \(.*SwiftShader.*, float32\)/i);
  await expect(app.machine).toContainText('It has no half precision (shader-f16), so single precision is used');
});
