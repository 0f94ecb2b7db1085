import type { Page } from '@playwright/test';
import { encode } from 'fast-png';
import { type PictureFile, SMALL } from './app';
import { expect, test } from './fixtures';
import { gif, photograph, pixels, png, withOrientation } from './pictures';

const good = png('good.png', photograph(96, 96));
const text = (content: string) => new TextEncoder().encode(content);

const refusals: readonly (PictureFile & { readonly what: string; readonly says: string })[] = [
  {
    what: 'A file that is no picture, whatever it calls itself,',
    name: 'diary.png',
    type: 'image/png',
    bytes: text('Dear diary, today I learnt what a magic number is.'),
    says: '“diary.png” is not a picture that can be read here. Choose a JPEG, PNG, WebP, AVIF or GIF file.',
  },
  {
    what: 'A PNG that was cut short',
    name: 'half.png',
    type: 'image/png',
    bytes: good.bytes.slice(0, good.bytes.length / 2),
    says: '“half.png” could not be decoded: it is damaged, cut short, or of a kind this browser does not know.',
  },
  {
    what: 'An SVG',
    name: 'drawing.svg',
    type: 'image/svg+xml',
    bytes: text('<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64"/></svg>'),
    says: '“drawing.svg” is an SVG drawing. Export it as PNG or JPEG and choose that file.',
  },
  {
    what: 'An empty file',
    name: 'nothing.jpg',
    type: 'image/jpeg',
    bytes: new Uint8Array(),
    says: '“nothing.jpg” is empty: it has 0 bytes. Choose another file.',
  },
  {
    what: 'A PNG that says it has 256 megapixels',
    name: 'bomb.png',
    type: 'image/png',
    bytes: withSize(good.bytes, 16000, 16000),
    says: '“bomb.png” has 256 megapixels (16000 × 16000); the limit is 40. Scale it down first.',
  },
];

for (const { what, says, ...file } of refusals) {
  test(`${what} is refused in a sentence, and the picture before it stays`, async ({ app }) => {
    await app.open();
    await app.drop(good);
    await expect(app.picture(good.name)).toBeVisible();
    await app.drop(file);
    await expect(app.alert).toContainText(says);
    await expect(app.picture(good.name)).toBeVisible();
    await expect(app.animateButton).toBeEnabled();
  });
}

test('a JPEG that was cut short is refused', async ({ app, page }) => {
  await app.open();
  const jpeg = await redLeftOfBlue(page);
  await app.drop({ name: 'half.jpg', type: 'image/jpeg', bytes: jpeg.slice(0, jpeg.length - 60) });
  await expect(app.alert).toContainText('“half.jpg” could not be decoded');
});

test('after all of them a good picture still becomes a clip', async ({ app }) => {
  await app.open();
  for (const { says, name, type, bytes } of refusals) {
    await app.drop({ name, type, bytes });
    await expect(app.alert).toContainText(says);
  }
  await app.drop(good);
  await expect(app.alert).toBeHidden();
  await app.choose(SMALL);
  await app.animate();
  await app.finished();
});

test('of an animated GIF the first frame is taken', async ({ app, page }) => {
  await app.open();
  await app.drop(
    gif('dance.gif', [
      [255, 0, 0],
      [0, 0, 255],
      [0, 255, 0],
    ]),
  );
  await expect(app.picture('dance.gif')).toBeVisible();
  expect(await shown(page, 'dance.gif')).toMatchObject({ top: 'red', bottom: 'red' });
});

test('what is transparent becomes white', async ({ app, page }) => {
  await app.open();
  const data = pixels(8, 8, () => [0, 0, 0]).rgb;
  const rgba = Uint8Array.from({ length: 8 * 8 * 4 }, (_, i) =>
    i % 4 === 3 && i < 128 ? 0 : i % 4 === 3 ? 255 : (data[0] as number),
  );
  await app.drop({
    name: 'cut-out.png',
    type: 'image/png',
    bytes: encode({ width: 8, height: 8, data: rgba, channels: 4 }),
  });
  await expect(app.picture('cut-out.png')).toBeVisible();
  expect(await shown(page, 'cut-out.png')).toMatchObject({ top: 'white', bottom: 'black' });
});

test('a photograph taken with the camera held sideways stands upright', async ({ app, page }) => {
  await app.open();
  const bytes = withOrientation(await redLeftOfBlue(page), 6);
  await app.drop({ name: 'sideways.jpg', type: 'image/jpeg', bytes });
  await expect(app.picture('sideways.jpg')).toBeVisible();
  expect(await shown(page, 'sideways.jpg')).toEqual({ width: 32, height: 64, top: 'red', bottom: 'blue' });
  await expect(page.getByLabel('Size')).toContainText('As the picture: 144 × 256');
});

test('of several files the first picture is taken, and that is said', async ({ app, page }) => {
  await app.open();
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: 'Choose a picture' }).click(),
  ]);
  await chooser.setFiles([
    { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('not this one') },
    { name: good.name, mimeType: good.type, buffer: Buffer.from(good.bytes) },
  ]);
  await expect(app.picture(good.name)).toBeVisible();
  await expect(app.alert).toContainText('of 2 files, “good.png” was taken');
});

/** The PNG, saying another size; a decoder that believed it would take a gigabyte. */
function withSize(bytes: Uint8Array, width: number, height: number): Uint8Array {
  const changed = bytes.slice();
  const view = new DataView(changed.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return changed;
}

/** A JPEG as the browser writes it, 64x32: its left half red, its right half blue. */
async function redLeftOfBlue(page: Page): Promise<Uint8Array> {
  return page.evaluate(async () => {
    const canvas = new OffscreenCanvas(64, 32);
    const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
    context.fillStyle = '#f00';
    context.fillRect(0, 0, 32, 32);
    context.fillStyle = '#00f';
    context.fillRect(32, 0, 32, 32);
    return new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 })).arrayBuffer());
  });
}

/** The size of a picture on the stage, and what colour it has near its top and near its bottom, in the middle. */
async function shown(page: Page, name: string) {
  const { width, height, top, bottom } = await page.getByRole('img', { name, exact: true }).evaluate((element) => {
    const image = element as HTMLImageElement;
    const { naturalWidth: width, naturalHeight: height } = image;
    const context = new OffscreenCanvas(width, height).getContext('2d') as OffscreenCanvasRenderingContext2D;
    context.drawImage(image, 0, 0);
    const at = (y: number) => [...context.getImageData(width >> 1, y, 1, 1).data];
    return { width, height, top: at(height >> 2), bottom: at(height - 1 - (height >> 2)) };
  });
  return { width, height, top: colourName(top), bottom: colourName(bottom) };
}

/** JPEG moves a colour a little. */
function colourName(rgba: readonly number[]): string {
  const bits = rgba
    .slice(0, 3)
    .map((value) => (value > 250 ? 1 : value < 5 ? 0 : '?'))
    .join('');
  return { '000': 'black', '111': 'white', '100': 'red', '001': 'blue', '010': 'green' }[bits] ?? String(rgba);
}
