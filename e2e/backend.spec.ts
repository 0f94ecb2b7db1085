import { expect, test } from './fixtures';

test('without a GPU the page says that it runs on wasm, and why', async ({ app }) => {
  await app.open();
  await expect(app.machine).toContainText(/ on wasm \(CPU, \d+ threads?, float32\)/);
  await expect(app.machine).toContainText(/This browser (has no WebGPU|has WebGPU but finds no GPU)/);
});

test('WebGPU asked for in vain is told, and the page lives', async ({ app, page }) => {
  await page.goto('/?backend=webgpu');
  await expect(app.alert).toContainText(/WebGPU was asked for, but this browser (has none|finds no GPU for it)/);
  await app.open();
  await expect(app.machine).toContainText('on wasm');
});
