import { SMALL } from './app';
import { expect, test } from './fixtures';
import { psnr } from './mp4';
import type {} from './pages/encoder';
import type {} from './pages/inference';
import { photograph, png } from './pictures';

// SwiftShader compiles some hundred shaders a run, on the CPU.
test.setTimeout(12 * 60_000);

test('WebGPU computes the frames that wasm computes', async ({ page, pageUrl }) => {
  await page.goto(pageUrl('inference'));
  const settings = { width: 64, height: 32, numFrames: 2, decodeChunkSize: 1, numInferenceSteps: 2, seed: 7 };
  const [onWasm, onGpu] = await page.evaluate(
    async (settings) => [await inferencePage.frames('wasm', settings), await inferencePage.frames('webgpu', settings)],
    settings,
  );
  const agreement = psnr(onGpu as Uint8Array, onWasm as Uint8Array);
  console.log(`Frames on WebGPU and on wasm agree at ${agreement.toFixed(1)} dB.`);
  expect(agreement).toBeGreaterThanOrEqual(40);
});

test('a GPU that crashes in mid-run is told, and the next run makes the clip that wasm makes', async ({
  app,
  browser,
  page,
  pageUrl,
}) => {
  const settings = { ...SMALL, Width: 32, Height: 32 };
  await app.open('?backend=webgpu');
  await app.drop(png('coast.png', photograph(64, 64)));
  await app.choose({ ...settings, Steps: 20 });
  await app.animate();
  // Between two networks there is no device to lose; from the first step on the UNet has one for seconds.
  await expect(app.status).toHaveText(/^Denoising, step [1-9]/, { timeout: 6 * 60_000 });
  const cdp = await browser.newBrowserCDPSession();
  // The answer would come from the process that crashes.
  void cdp.send('Browser.crashGpuProcess').catch(() => {});
  expect(await app.failure()).toMatch(/^The GPU stopped answering.*Press Animate again/s);
  await expect(app.picture('coast.png')).toBeVisible();

  await app.choose(settings);
  const onGpu = await app.makeClip();
  await app.open('?backend=wasm');
  await app.drop(png('coast.png', photograph(64, 64)));
  const onWasm = await app.makeClip();

  await page.goto(pageUrl('encoder'));
  const decode = (mp4: Buffer) =>
    page.evaluate(
      (base64) => encoderPage.decode(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))),
      mp4.toString('base64'),
    );
  const agreement = psnr(await decode(onGpu), await decode(onWasm));
  console.log(`Clips made on WebGPU and on wasm agree at ${agreement.toFixed(1)} dB.`);
  expect(agreement).toBeGreaterThanOrEqual(40);
});
