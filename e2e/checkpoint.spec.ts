import type { Page } from '@playwright/test';
import { SMALL } from './app';
import { expect, test } from './fixtures';
import { photograph, png } from './pictures';

/** A header entry, as safetensors has it. */
interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}
type Header = Record<string, Entry>;

const TENSOR = 'visual_projection.weight';

/** What may be wrong with the weights of the image encoder: the first that a run reads. */
const faults: readonly {
  readonly what: string;
  readonly damage: (file: Buffer) => Buffer;
  readonly says: (file: Buffer) => string;
}[] = [
  {
    what: 'were cut short',
    damage: (file) => file.subarray(0, file.length / 2),
    says: (file) =>
      `has ${Math.floor(file.length / 2)} bytes, but its header describes ${file.length}: it is truncated`,
  },
  {
    what: 'end inside their header',
    damage: (file) => file.subarray(0, 100),
    says: () => 'ends inside its header: the file is truncated. Fetch it again.',
  },
  {
    what: 'announce a header of 200 MB',
    damage: (file) => {
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(200_000_000n);
      return Buffer.concat([length, file.subarray(8)]);
    },
    says: () => 'announces a header of 200000000 bytes: it is damaged, or not a safetensors file.',
  },
  {
    what: 'have a tensor of another shape',
    damage: (file) =>
      withHeader(file, (header) => {
        tensor(header).shape = doubled(tensor(header).shape);
      }),
    says: (file) => {
      const { shape } = tensor(read(file).header);
      return `tensor ${TENSOR} has shape [${doubled(shape)}], the config asks for [${shape}].`;
    },
  },
  {
    what: 'lack a tensor',
    damage: (file) =>
      withHeader(file, (header) => {
        header['visual_projection.wait'] = tensor(header);
        delete header[TENSOR];
      }),
    says: (file) => `tensor ${TENSOR} of shape [${tensor(read(file).header).shape}] is missing.`,
  },
  {
    what: 'have a tensor of an unknown dtype',
    damage: (file) =>
      withHeader(file, (header) => {
        tensor(header).dtype = 'F12';
      }),
    says: () => `tensor ${TENSOR} has the unknown dtype "F12".`,
  },
  {
    what: 'have tensors that overlap',
    damage: (file) =>
      withHeader(file, (header) => {
        const [begin, end] = tensor(header).data_offsets;
        tensor(header).data_offsets = begin === 0 ? [2, end + 2] : [begin - 2, end - 2];
      }),
    says: () => 'overlaps the one before it.',
  },
  {
    what: 'have offsets that do not fit the shape',
    damage: (file) =>
      withHeader(file, (header) => {
        tensor(header).data_offsets[1] -= 2;
      }),
    says: (file) => {
      const { shape, dtype, data_offsets } = tensor(read(file).header);
      const bytes = data_offsets[1] - data_offsets[0];
      return `tensor ${TENSOR} of shape [${shape}] in ${dtype} needs ${bytes} bytes; its data_offsets span ${bytes - 2}.`;
    },
  },
];

test.beforeEach(async ({ app }) => {
  await app.open('?backend=wasm');
  await app.drop(png('good.png', photograph(64, 64)));
  await app.choose({ ...SMALL, Width: 32, Height: 32, Frames: 1 });
});

for (const { what, damage, says } of faults) {
  test(`weights that ${what} are told by file and tensor, and the mended ones are taken`, async ({ app, page }) => {
    const path = await weightsOf(page, 'image_encoder');
    const good = await (await page.request.get(path)).body();
    await page.route(`**${path}`, (route) => route.fulfill({ body: damage(good) }));
    await app.animate();
    const said = await app.failure();
    expect(said).toContain('image_encoder/');
    expect(said).toContain(says(good));

    await page.unrouteAll();
    await app.animate();
    await expect(app.status).toHaveText(/UNet|Denoising|Decoding|MP4|ready/, { timeout: 120_000 });
  });
}

test('a config that asks for other shapes than the weights have is told by tensor, with both shapes', async ({
  app,
  page,
}) => {
  await page.route('**/image_encoder/config.json', async (route) => {
    const config = await (await route.fetch()).json();
    await route.fulfill({ json: { ...config, intermediate_size: config.intermediate_size * 2 } });
  });
  // The page has read the config already; a fresh one reads the new.
  await app.open('?backend=wasm');
  await app.drop(png('good.png', photograph(64, 64)));
  await app.animate();
  expect(await app.failure()).toMatch(
    /^image_encoder\/\S+: tensor vision_model\.encoder\.layers\.0\.mlp\.fc1\.\w+ has shape \[[\d,]+\], the config asks for \[[\d,]+\]\.$/,
  );
});

test('weights that break in the middle of a run are told, and the next run succeeds', async ({ app, page }) => {
  const path = await weightsOf(page, 'unet');
  await page.route(`**${path}`, (route) => route.abort());
  await app.animate();
  expect(await app.failure()).toBe(
    `${path} could not be fetched: the server cannot be reached. Check the connection, then try again.`,
  );
  await page.unrouteAll();
  await app.animate();
  await app.finished();
});

const configFaults = [
  {
    what: 'is not JSON',
    answer: { body: '{"_class_name": "UNetSpatioTempor' },
    says: 'unet/config.json is not JSON: the file is damaged.',
  },
  {
    what: 'is not there',
    answer: { status: 404 },
    says: 'unet/config.json could not be fetched: the server answered 404. Check the connection, then try again.',
  },
  {
    what: 'is of another kind of model',
    answer: { json: { _class_name: 'UNet2DConditionModel', down_block_types: ['CrossAttnDownBlock2D'] } },
    says: 'unet/config.json is not one this app can run.',
  },
];
for (const { what, answer, says } of configFaults) {
  test(`a config that ${what} is told when the page opens, and can be tried again`, async ({ app, page }) => {
    await page.route('**/unet/config.json', (route) => route.fulfill(answer));
    await page.goto('/?backend=wasm');
    await expect(app.alert).toContainText(says);
    await page.unrouteAll();
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect(app.machine).toBeVisible();
    await expect(app.alert).toBeHidden();
  });
}

/** The address of the weights of a part of the site's model. */
async function weightsOf(page: Page, part: string): Promise<string> {
  const [{ name, files }]: [{ name: string; files: { path: string }[] }] = await (
    await page.request.get('/models/index.json')
  ).json();
  const weights = files.map(({ path }) => path).find((path) => path.startsWith(part) && path.endsWith('.safetensors'));
  return `/models/${name}/${weights}`;
}

/** safetensors: a length of 8 bytes, a header of JSON, the data. */
function read(file: Buffer): { header: Header; data: Buffer } {
  const end = 8 + Number(file.readBigUInt64LE());
  return { header: JSON.parse(file.subarray(8, end).toString()), data: file.subarray(end) };
}

function withHeader(file: Buffer, change: (header: Header) => void): Buffer {
  const { header, data } = read(file);
  change(header);
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

const tensor = (header: Header) => header[TENSOR] as Entry;

/** Another shape of as many elements. */
const doubled = ([rows = 0, columns = 0]: number[]) => [rows * 2, columns / 2];
