import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { knownModel } from '../src/models/known-models';
import { SMALL } from './app';
import { test as base, expect } from './fixtures';
import {
  asPicture,
  looseFiles,
  ModelsPage,
  type NamedBytes,
  publish,
  tinyFolder,
  tinySingleFile,
  weights,
} from './models-page';
import { photograph, png } from './pictures';

const test = base.extend<{ models: ModelsPage }>({
  models: async ({ page }, use) => {
    await use(new ModelsPage(page));
  },
});

const photo = png('lake.png', photograph(128, 128));

test('the pages are links: the back button, the title and the focus follow', async ({ models, page, app }) => {
  await app.open('?backend=wasm');
  await models.goTo('Models');
  await expect(page).toHaveTitle('Models · Stillmotion');
  await expect(page.getByRole('heading', { name: 'Models' })).toBeFocused();
  await expect(app.animateButton).toBeHidden();
  await page.goBack();
  await expect(page).toHaveTitle('Stillmotion');
  await expect(app.animateButton).toBeVisible();
  await expect(page.getByRole('main')).toBeFocused();
});

test('a folder becomes a model: added, used for a clip, kept over a reload, and deleted', async ({
  models,
  app,
  page,
}) => {
  await models.open();
  await models.pick('SVD', tinyFolder(14));
  await expect(models.incoming).toContainText('3 weight files, 12.5 MB, float16');
  await models.add();
  await expect(models.card('SVD')).toContainText('Verified');
  await expect(models.card('SVD')).toContainText('12.5 MB in this browser’s storage. Added today, not used yet.');
  await models.press('SVD', 'Verify');
  await expect(models.card('SVD')).toContainText('Every byte that is here is as it was.');
  await models.use('SVD');
  await expect(models.card('SVD')).toContainText('Last used today.');

  await models.goTo('Animate');
  await expect(app.machine).toContainText('SVD on wasm');
  await app.drop(photo);
  await app.choose(SMALL);
  await app.animate();
  await app.finished();

  await page.reload();
  await expect(app.machine).toContainText('SVD on wasm');

  await models.goTo('Models');
  await models.press('SVD', 'Delete');
  const dialog = page.getByRole('dialog', { name: 'Delete SVD?' });
  await expect(dialog).toContainText('12.5 MB are freed');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(models.card('SVD')).toContainText('Not here');
  await expect(models.card('SVD-nano')).toContainText('In use');
});

test('a run goes on while the user looks at the models, and the model stays as it is meanwhile', async ({
  models,
  app,
  page,
}) => {
  await models.open();
  await models.pick('SVD', tinyFolder(14));
  await models.add();
  await models.goTo('Animate');
  await app.drop(photo);
  await app.choose({ ...SMALL, Frames: 4, Steps: 6 });
  await app.animate();
  await models.goTo('Models');
  await expect(models.card('SVD').getByRole('button', { name: 'Use' })).toBeDisabled();
  await expect(page).toHaveTitle(/% · Stillmotion$/);
  await models.goTo('Animate');
  await app.finished();
});

test('loose files under names that tell nothing are found by their content, and added in two goes', async ({
  models,
}) => {
  const files = looseFiles(tinyFolder(25));
  const isEncoder = ({ buffer }: NamedBytes) => buffer.includes('visual_projection.weight');
  await models.open();
  await models.pick(
    'SVD-XT',
    files.filter((file) => !isEncoder(file)),
  );
  await expect(models.incoming).toContainText('They do not hold the image encoder; that can be added later.');
  await models.add();
  await expect(models.card('SVD-XT')).toContainText('The image encoder is missing.');
  await expect(models.card('SVD-XT')).toContainText('Partly here');

  const isSmall = ({ buffer }: NamedBytes) => buffer.length < 10_000;
  await models.pick(
    'SVD-XT',
    files.filter((file) => isEncoder(file) || isSmall(file)),
  );
  await models.add();
  await expect(models.card('SVD-XT')).toContainText('Verified');
  await models.use('SVD-XT');
});

test('a checkpoint in one file makes a clip, its tensors under Stability’s own names', async ({ models, app }) => {
  await models.open();
  await models.pick('SVD-XT 1.1', await tinySingleFile(25));
  await expect(models.incoming).toContainText('A checkpoint in one file, 13.7 MB, float16');
  await models.add();
  await models.use('SVD-XT 1.1');
  await models.goTo('Animate');
  await app.drop(photo);
  await app.choose(SMALL);
  await app.animate();
  await app.finished();
});

test('AnimateLCM-SVD says what it needs beside it, and makes a clip once that is here', async ({ models, app }) => {
  const folder = tinyFolder(25);
  await models.open();
  await models.pick('AnimateLCM-SVD', join(folder, 'unet'));
  await models.add();
  await models.press('AnimateLCM-SVD', 'Use');
  await expect(models.card('AnimateLCM-SVD').getByRole('alert')).toContainText('Add SVD, SVD-XT or SVD-XT 1.1 first.');
  await expect(models.card('SVD-nano')).toContainText('In use');

  await models.pick('SVD-XT', folder);
  await models.add();
  await expect(models.card('AnimateLCM-SVD')).toContainText('Borrows the VAE and the image encoder of SVD-XT.');
  await models.use('AnimateLCM-SVD');
  await models.goTo('Animate');
  await app.drop(photo);
  await expect(app.field('Frames')).toHaveValue('25');
  await app.choose({ ...SMALL, Steps: 2 });
  await app.animate();
  await app.finished();
});

test('weights dropped on the first page go to the models, and a picture dropped there comes back', async ({
  models,
  app,
  page,
}) => {
  await app.open('?backend=wasm');
  const [encoder] = looseFiles(tinyFolder(25)).filter(({ buffer }) => buffer.includes('visual_projection'));
  await app.drop({ ...asPicture(encoder as NamedBytes), name: 'no ending' });
  await expect(page.getByRole('heading', { name: 'Models' })).toBeVisible();
  await expect(models.incoming).toBeVisible();

  await app.drop(photo, models.card('SVD'));
  await expect(app.picture(photo.name)).toBeVisible();
});

test('a folder of the disk dropped on the first page is used where it lies', async ({ models, app, page }) => {
  await app.open('?backend=wasm');
  await models.dropPath(tinyFolder(14), page.getByRole('region', { name: 'Picture' }));
  await expect(models.incoming).toContainText('3 weight files, 12.5 MB, float16');
  await expect(page.getByLabel('These are the files of')).toHaveValue('svd');
  await expect(page.getByLabel('Use them where they are')).toBeChecked();
  await models.add();
  await expect(models.card('SVD')).toContainText('12.5 MB, used where it lies on your disk.');
  await models.use('SVD');

  await models.dropPath(tinyFolder(25), models.card('SVD-XT 1.1'));
  await expect(page.getByLabel('These are the files of')).toHaveValue('svd-xt-1-1');
});

test('files dropped on a model’s card are taken for that model', async ({ models, app }) => {
  await models.open();
  const lora = {
    name: 'style.safetensors',
    type: '',
    bytes: weights({ 'lora_unet_conv_in.lora_down.weight': [4, 4] }),
  };
  await app.drop(lora, models.card('SVD-XT 1.1'));
  expect(await models.refusal()).toContain('LoRA');
});

const half = readFileSync(join(tinyFolder(14), 'vae/diffusion_pytorch_model.safetensors')).subarray(0, 1_000_000);
const strangers: readonly { what: string; buffer: Buffer; says: string | RegExp }[] = [
  {
    what: 'an SDXL checkpoint',
    buffer: weights({ 'model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight': [4, 2048] }),
    says: 'a checkpoint of Stable Diffusion XL',
  },
  { what: 'a LoRA', buffer: weights({ 'lora_unet_conv_in.lora_down.weight': [4, 4] }), says: 'is a LoRA' },
  {
    what: 'a Git LFS pointer',
    buffer: Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3049435836\n'),
    says: 'is a Git LFS pointer',
  },
  { what: 'nothing at all', buffer: Buffer.alloc(0), says: 'is empty (0 bytes)' },
  { what: 'half a file', buffer: half, says: 'it is truncated' },
  { what: 'a photograph', buffer: Buffer.from(photo.bytes), says: 'not a safetensors file' },
];
test('files that are something else are told by what they are, and nothing is kept of them', async ({ models }) => {
  await models.open();
  for (const { what, buffer, says } of strangers) {
    await models.pick('SVD-XT', [{ name: 'model.safetensors', mimeType: '', buffer }]);
    await expect(models.incoming.getByRole('alert'), what).toContainText(says);
    await expect(models.incoming.getByRole('button', { name: 'Add', exact: true })).toBeHidden();
    await models.incoming.getByRole('button', { name: 'Put them away' }).click();
  }
  await expect(models.card('SVD-XT')).toContainText('Not here');
});

test('a UNet with the config of a model of 14 frames is not taken for SVD-XT', async ({ models, page }) => {
  await models.open();
  await models.pick('SVD-XT', tinyFolder(14));
  expect(await models.refusal()).toContain('is of a model that makes 14 frames; SVD-XT makes 25.');
  await expect(models.incoming.getByRole('button', { name: 'Add', exact: true })).toBeDisabled();
  await page.getByLabel('These are the files of').selectOption('SVD (14 frames)');
  await expect(models.incoming.getByRole('button', { name: 'Add', exact: true })).toBeEnabled();
});

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
