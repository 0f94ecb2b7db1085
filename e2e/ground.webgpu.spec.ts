import { expect, test } from './fixtures';

test('the browser of the webgpu project has a software adapter', async ({ page, pageUrl }) => {
  await page.goto(pageUrl('encoder'));
  const adapter = await page.evaluate(async () => (await navigator.gpu.requestAdapter())?.info.architecture);
  expect(adapter).toBe('swiftshader');
});
