import { expect, test } from './fixtures';

test('the built site lists its models with their files and sizes', async ({ request }) => {
  const models: { name: string; files: { path: string; size: number }[] }[] = await (
    await request.get('/models/index.json')
  ).json();
  const nano = models.find((model) => model.name === 'svd-nano');
  const config = nano?.files.find((file) => file.path === 'unet/config.json');
  const served = await (await request.get('/models/svd-nano/unet/config.json')).body();
  expect(config?.size).toBe(served.length);
});

test('a file that is not there is a 404, not the page', async ({ request }) => {
  expect((await request.get('/models/svd-nano/unet/nothing.json')).status()).toBe(404);
});

test('pages are cross-origin isolated, so that wasm may use threads', async ({ page, pageUrl }) => {
  for (const url of ['/', pageUrl('encoder')]) {
    await page.goto(url);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  }
});
