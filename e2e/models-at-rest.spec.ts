import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { knownModel } from '../src/checkpoints/known-models';
import { expect, publish, test, tinyFolder } from './models-page';

test('files are used where they lie, and when one is gone that is told and the model before stays', async ({
  models,
  app,
  page,
}) => {
  await models.open();
  await haveDisk(page);
  await putOnDisk(page, tinyFolder(14));
  await models.press('SVD', 'Add a folder');
  await expect(page.getByLabel('Use them where they are')).toBeChecked();
  await models.add();
  await expect(models.card('SVD')).toContainText('12.5 MB, used where it lies on your disk.');
  await models.use('SVD');
  await models.goTo('Animate');
  await expect(app.machine).toContainText('SVD on wasm');

  await page.evaluate(async () => {
    const disk = await (await navigator.storage.getDirectory()).getDirectoryHandle('disk');
    await (await disk.getDirectoryHandle('vae')).removeEntry('diffusion_pytorch_model.safetensors');
  });
  await page.reload();
  await expect(app.machine).toContainText('SVD-nano on wasm');
  await expect(app.alert).toContainText('SVD could not be opened, so SVD-nano is in use.');
  await models.goTo('Models');
  await expect(models.card('SVD')).toContainText('Broken');
});

test('files on the disk are asked for again in a click, and the model is in use', async ({
  models,
  app,
  page,
  context,
}) => {
  await models.open();
  await haveDisk(page);
  await putOnDisk(page, tinyFolder(14));
  await models.press('SVD', 'Add a folder');
  await models.add();
  await models.use('SVD');

  await models.goTo('Animate');
  // What a browser does on a later visit, and headless Chromium never: it wants to be asked, in a click.
  await context.route(/\/assets\/.+\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${forgetPermission};${await response.text()}` });
  });
  await page.reload();
  await expect(app.machine).toContainText('SVD-nano on wasm');
  await expect(app.alert).toContainText('SVD lies on your disk');
  await page.getByRole('button', { name: 'Allow access' }).click();
  await expect(app.machine).toContainText('SVD on wasm');
  await expect(app.alert).toBeHidden();
});

test('a byte that changed at rest is found, nothing is made with it, and adding the files again mends it', async ({
  models,
  page,
}) => {
  await models.open();
  await models.addAndUse('SVD', tinyFolder(14));
  await page.evaluate(async () => {
    let folder = await navigator.storage.getDirectory();
    for (const name of ['models', 'svd', 'vae']) folder = await folder.getDirectoryHandle(name);
    const handles = (await Array.fromAsync(folder.values())) as FileSystemFileHandle[];
    const weights = handles.find(({ name }) => name.endsWith('.safetensors'));
    const writable = await weights?.createWritable({ keepExistingData: true });
    await writable?.write({ type: 'write', position: 1_000_000, data: new Uint8Array([1, 2, 3]) });
    await writable?.close();
  });
  await models.press('SVD', 'Verify');
  await expect(models.card('SVD').getByRole('alert')).toContainText('is not what it was when it was added.');
  await expect(models.card('SVD')).toContainText('Broken');
  await expect(models.card('SVD-nano')).toContainText('In use');

  await models.pick('SVD', tinyFolder(14));
  await models.add();
  await expect(models.card('SVD')).toContainText('Verified');
});

test('a model is saved in a folder, file for file', async ({ models, page }) => {
  await models.open();
  await models.pick('SVD', tinyFolder(14));
  await models.add();
  await page.evaluate(async () => {
    const disk = await (await navigator.storage.getDirectory()).getDirectoryHandle('saved', { create: true });
    Object.assign(window, { showDirectoryPicker: async () => disk });
  });
  await models.press('SVD', 'Export');
  await expect(models.card('SVD')).toContainText('Saved in “saved/svd”.');
  const sizes = await page.evaluate(async () => {
    let folder = await navigator.storage.getDirectory();
    for (const name of ['saved', 'svd', 'unet']) folder = await folder.getDirectoryHandle(name);
    const handles = (await Array.fromAsync(folder.values())) as FileSystemFileHandle[];
    return Promise.all(handles.map(async (handle) => (await handle.getFile()).size));
  });
  expect(Math.max(...sizes)).toBe(
    readFileSync(join(tinyFolder(14), 'unet/diffusion_pytorch_model.safetensors')).length,
  );
});

test('a download says what it lacks, pauses, goes on after a reload, and ends verified', async ({
  models,
  hub,
  page,
}) => {
  publish(hub, knownModel('svd'), tinyFolder(14));
  hub.gated = true;
  await models.open();
  const card = models.card('SVD');
  const form = await models.askFor('SVD', hub.base);
  const token = form.getByLabel('Access token');
  const start = form.getByRole('button', { name: 'Start the download' });
  for (const [given, says] of [
    ['', 'accept'],
    ['hf_nobody', 'token'],
    ['hf_stranger', 'accept'],
  ] as const) {
    await token.fill(given);
    await start.click();
    await expect(card.getByRole('alert'), `token “${given}”`).toContainText(says);
  }

  hub.holdAt = 2_000_000;
  await token.fill('hf_friend');
  await start.click();
  await expect(card.getByRole('progressbar')).toHaveAttribute('aria-valuetext', /^[1-9].* of 12\.5 MB$/);
  await models.press('SVD', 'Pause');
  await expect(card).toContainText('Stopped. What is here stays.');
  await expect(card).toContainText('Partly here');
  hub.holdAt = undefined;

  await page.reload();
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('hf_friend');
  const again = await models.askFor('SVD', hub.base);
  await again.getByLabel('Access token').fill('hf_friend');
  await again.getByLabel('Remember it in this browser').check();
  hub.asked.length = 0;
  await again.getByRole('button', { name: 'Resume' }).click();
  await expect(card).toContainText('Verified');
  expect(hub.asked.map(({ range }) => range)).toContainEqual(expect.stringMatching(/^bytes=[1-9]\d{5,}-$/));
  expect(await page.evaluate(() => JSON.stringify(localStorage))).toContain('hf_friend');
  await models.use('SVD');
});
/** Handles may be read once the page has asked; runs in the page and in every worker. */
const forgetPermission = `{
  const allowed = new BroadcastChannel('allowed');
  let state = 'prompt';
  allowed.onmessage = () => { state = 'granted'; };
  FileSystemFileHandle.prototype.queryPermission = async () => state;
  FileSystemFileHandle.prototype.requestPermission = async () => {
    if (!navigator.userActivation?.isActive) throw new DOMException('No click.', 'SecurityError');
    allowed.postMessage('granted');
    await new Promise((resolve) => setTimeout(resolve, 100));
    return 'granted';
  };
}`;

/** A folder that the browser gives handles of, as its dialog would: the dialog itself no test can press. */
async function haveDisk(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const disk = await (await navigator.storage.getDirectory()).getDirectoryHandle('disk', { create: true });
    Object.assign(window, { showDirectoryPicker: async () => disk });
  });
}

/** Writes a folder of this machine into the page's own storage. */
async function putOnDisk(page: Page, folder: string): Promise<void> {
  for (const part of ['unet', 'vae', 'image_encoder', 'scheduler', 'feature_extractor']) {
    for (const name of readdirSync(join(folder, part))) {
      const base64 = readFileSync(join(folder, part, name)).toString('base64');
      await page.evaluate(
        async ([part, name, base64]) => {
          const disk = await (await navigator.storage.getDirectory()).getDirectoryHandle('disk');
          const file = await (await disk.getDirectoryHandle(part, { create: true })).getFileHandle(name, {
            create: true,
          });
          const writable = await file.createWritable();
          await writable.write(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)));
          await writable.close();
        },
        [part, name, base64] as const,
      );
    }
  }
}
