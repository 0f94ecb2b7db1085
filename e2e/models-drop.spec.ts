import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asPicture, expect, looseFiles, type NamedBytes, test, tinyFolder, weights } from './models-page';
import { photograph, png } from './pictures';

const photo = png('lake.png', photograph(128, 128));

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
