import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from '@playwright/test';
import { singleFile, tinyTensors } from '../reference/checkpoint-writer';
import type { KnownModel } from '../src/checkpoints/known-models';
import type { PictureFile } from './app';
import { test as base, expect } from './fixtures';
import type { TestHub } from './hub';

/** A file as Playwright puts it into an input. */
export interface NamedBytes {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** The Models page as its user sees it. */
export class ModelsPage {
  /** What was dropped or picked, and where it should go. */
  readonly incoming: Locator;

  constructor(readonly page: Page) {
    this.incoming = page.getByRole('region', { name: 'Your files' });
  }

  async open(query = '?backend=wasm'): Promise<void> {
    await this.page.goto(`/${query}#models`);
    await expect(this.card('SVD-nano')).toContainText('In use');
    await expect(this.card('SVD-XT')).not.toContainText('Looking');
  }

  card(title: string): Locator {
    return this.page.getByRole('article', { name: title, exact: true });
  }

  press(title: string, button: string): Promise<void> {
    return this.card(title).getByRole('button', { name: button, exact: true }).click();
  }

  /** Picks a folder, or files, for a model, as browsers without handles let it be done. */
  async pick(title: string, files: string | NamedBytes[]): Promise<void> {
    const label = `${typeof files === 'string' ? 'Folder' : 'Files'} of ${title}`;
    await this.page.getByLabel(label, { exact: true }).setInputFiles(files);
  }

  /** Lets a file or a folder of the disk go over the middle of something, as a hand would; it comes with handles. */
  async dropPath(path: string, target: Locator): Promise<void> {
    await target.scrollIntoViewIfNeeded();
    const box = await target.boundingBox();
    const session = await this.page.context().newCDPSession(this.page);
    // What answers the first movement may lie over the target: the hand moves on above it.
    for (const type of ['dragEnter', 'dragOver', 'dragOver', 'drop'] as const) {
      await this.page.waitForTimeout(100);
      await session.send('Input.dispatchDragEvent', {
        type,
        x: (box?.x ?? 0) + (box?.width ?? 0) / 2,
        y: (box?.y ?? 0) + (box?.height ?? 0) / 2,
        data: { items: [], files: [path], dragOperationsMask: 1 },
      });
    }
    await session.detach();
  }

  /** What the page says against the files. */
  async refusal(): Promise<string> {
    return this.incoming.getByRole('alert').innerText();
  }

  async add(): Promise<void> {
    await this.incoming.getByRole('button', { name: 'Add', exact: true }).click();
  }

  /** A model of this machine, added and in use. */
  async addAndUse(title: string, folder: string): Promise<void> {
    await this.pick(title, folder);
    await this.add();
    await this.use(title);
  }

  async use(title: string): Promise<void> {
    await this.press(title, 'Use');
    await expect(this.card(title)).toContainText('In use');
  }

  /** Opens the form of a download, from a host of this machine. */
  async askFor(title: string, base: string): Promise<Locator> {
    await this.card(title)
      .getByRole('button', { name: /ownload/ })
      .click();
    const form = this.page.getByRole('form', { name: `Download ${title}` });
    const address = form.getByLabel('Address');
    if (!(await address.isVisible())) await form.getByText('From another host').click();
    await address.fill(base);
    return form;
  }

  async goTo(page: 'Animate' | 'Models'): Promise<void> {
    await this.page.getByRole('navigation').getByRole('link', { name: page }).click();
  }
}

export { expect };

/** The product's tests with the Models page at hand. */
export const test = base.extend<{ models: ModelsPage }>({
  models: async ({ page }, use) => {
    await use(new ModelsPage(page));
  },
});

const TINY = fileURLToPath(new URL('../reference/tiny', import.meta.url));

const tinyFolders = new Map<number, string>();
process.once('exit', () => {
  for (const folder of tinyFolders.values()) rmSync(folder, { recursive: true });
});

/** The tiny checkpoint with another number of frames in its UNet's config: a folder of the disk, not to be changed. */
export function tinyFolder(numFrames: number): string {
  const known = tinyFolders.get(numFrames);
  if (known) return known;
  const folder = mkdtempSync(join(tmpdir(), 'stillmotion-tiny-'));
  tinyFolders.set(numFrames, folder);
  cpSync(TINY, folder, { recursive: true });
  const path = join(folder, 'unet/config.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), num_frames: numFrames }));
  return folder;
}

/** The same weights in one file, under names that tell nothing, and the configs that such a file lacks. */
export async function tinySingleFile(numFrames: number): Promise<NamedBytes[]> {
  const tensors = { unet: tinyTensors('unet'), vae: tinyTensors('vae'), image_encoder: tinyTensors('image_encoder') };
  const { blob } = singleFile(tensors, 'F16');
  const configs = looseFiles(tinyFolder(numFrames)).filter(({ name }) => name.endsWith('.json'));
  return [{ name: 'x.safetensors', mimeType: '', buffer: Buffer.from(await blob.arrayBuffer()) }, ...configs];
}

/** Lets a hub have a folder of this machine, as the repository of a model. */
export function publish(hub: TestHub, { hub: { repo, revision, files } }: KnownModel, folder: string): void {
  Object.assign(hub, { repo, revision });
  for (const { from, path } of files) hub.files.set(from, readFileSync(join(folder, path.replace('.fp16', ''))));
}

/** The files of a folder without their folders, under names that tell nothing. */
export function looseFiles(folder: string): NamedBytes[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'model_index.json')
    .map((entry, index) => ({
      name: `download (${index})${entry.name.slice(entry.name.lastIndexOf('.'))}`,
      mimeType: '',
      buffer: readFileSync(join(entry.parentPath, entry.name)),
    }));
}

/** A safetensors file of the tensors named, in float16, all zero. */
export function weights(shapes: Readonly<Record<string, readonly number[]>>): Buffer {
  let end = 0;
  const header = Object.entries(shapes).map(([name, shape]) => {
    const begin = end;
    end += 2 * shape.reduce((product, size) => product * size, 1);
    return [name, { dtype: 'F16', shape, data_offsets: [begin, end] }];
  });
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(end)]);
}

export const asPicture = ({ name, mimeType, buffer }: NamedBytes): PictureFile => ({
  name,
  type: mimeType,
  bytes: buffer,
});
