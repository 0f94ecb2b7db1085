import { readFileSync } from 'node:fs';
import { SMALL } from './app';
import { expect, test } from './fixtures';
import { photograph, png } from './pictures';

const photo = png('lake.png', photograph(256, 256));

test('a run that is cancelled ends at its next step, keeps picture and settings, and the next one succeeds', async ({
  app,
  page,
}) => {
  await app.open('?backend=wasm');
  await app.drop(photo);
  await app.choose({ ...SMALL, Frames: 8, Steps: 40 });
  await app.animate();
  await expect(app.status).toHaveText(/^Denoising, step [1-9]/, { timeout: 240_000 });
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(app.status).toHaveText('Cancelled.', { timeout: 120_000 });

  await expect(app.alert).toBeHidden();
  await expect(app.picture(photo.name)).toBeVisible();
  await expect(app.field('Frames')).toHaveValue('8');
  await expect(app.field('Steps')).toHaveValue('40');

  await app.choose({ Frames: 2, Steps: 1 });
  await app.animate();
  await app.finished();
});

test('a second press stops in the middle of a step', async ({ app, page }) => {
  await app.open('?backend=wasm');
  await app.drop(photo);
  // Some seconds a step.
  await app.choose({ Width: 128, Height: 128, Frames: 25, Steps: 3 });
  await app.animate();
  await expect(app.status).toHaveText('Denoising, step 1 of 3', { timeout: 240_000 });
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(app.status).toHaveText('Cancelling after this step');
  await page.getByRole('button', { name: 'Stop now' }).click();
  await expect(app.status).toHaveText('Cancelled.', { timeout: 1000 });

  await app.choose(SMALL);
  await app.animate();
  await app.finished();
});

test('while a clip is made another picture is refused, and the settings rest', async ({ app, page }) => {
  await app.open('?backend=wasm');
  await app.drop(photo);
  await app.choose({ ...SMALL, Frames: 8, Steps: 40 });
  await app.animate();
  await app.drop(png('another.png', photograph(64, 64)));
  await expect(app.alert).toContainText('A clip is being made. Cancel it or let it finish, then change the picture.');
  await expect(app.picture(photo.name)).toBeVisible();
  await expect(app.field('Frames')).toBeDisabled();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(app.status).toHaveText('Cancelled.', { timeout: 240_000 });
  await expect(app.field('Frames')).toBeEnabled();
});

test('five runs in a row leave the memory flat', async ({ app, browser }) => {
  test.skip(process.platform !== 'linux', 'Resident memory is read from /proc.');
  await app.open('?backend=wasm');
  await app.drop(photo);
  await app.choose(SMALL);
  const megabytes: number[] = [];
  for (let run = 1; run <= 5; run++) {
    await app.animate();
    await app.finished();
    const cdp = await browser.newBrowserCDPSession();
    const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
    await cdp.detach();
    const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => residentMegabytes(id));
    megabytes.push(renderers.reduce((sum, each) => sum + each, 0));
  }
  console.log(`Resident memory of the renderers after each run: ${megabytes.map(Math.round).join(', ')} MB.`);
  // The first run fills caches and heaps. One UNet kept by mistake would be 28 MB a run, one ffmpeg 60.
  const [, second, , , fifth] = megabytes as [number, number, number, number, number];
  expect(fifth - second).toBeLessThan(50);
});

function residentMegabytes(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}
