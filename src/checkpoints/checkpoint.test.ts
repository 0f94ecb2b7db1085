import { join } from 'node:path/posix';
import { describe, expect, test } from 'vitest';
import { filesOf } from '../../reference/tiny-checkpoint';
import { Checkpoint, type CheckpointFiles } from './checkpoint';

const tiny = filesOf(join(import.meta.dirname, '../../reference/tiny'));

test('the tiny checkpoint opens, and its weights are found', async () => {
  const checkpoint = await Checkpoint.open(tiny);
  expect(checkpoint.unet.num_frames).toBe(5);
  expect(checkpoint.scheduler).toMatchObject({ prediction_type: 'v_prediction' });
  expect((await checkpoint.weights('image_encoder')).names).toHaveLength(56);
  expect((await checkpoint.weights('unet')).names).toHaveLength(1426);
});

describe('of a network’s weight files', () => {
  const plain = 'unet/diffusion_pytorch_model.safetensors';
  const half = 'unet/diffusion_pytorch_model.fp16.safetensors';
  const index = 'unet/diffusion_pytorch_model.safetensors.index.json';
  const [first, second] = [1, 2].map((i) => `unet/diffusion_pytorch_model-0000${i}-of-00002.safetensors`) as [
    string,
    string,
  ];
  const [halfFirst, halfSecond] = [1, 2].map(
    (i) => `unet/diffusion_pytorch_model.fp16-0000${i}-of-00002.safetensors`,
  ) as [string, string];
  const halfIndex = 'unet/diffusion_pytorch_model.safetensors.index.fp16.json';
  /** An index of two shards, each with the one tensor that the tests give it. */
  const map = (a: string, b: string) => {
    const [x, y] = a.includes('fp16') ? ['p', 'q'] : ['x', 'y'];
    return { weight_map: { [x as string]: a.slice(5), [y as string]: b.slice(5) } };
  };

  test.each([
    ['the only one', { [plain]: 'x' }, ['x']],
    ['float16, which is half the size', { [plain]: 'x', [half]: 'y' }, ['y']],
    [
      'every shard of an index, once',
      { [index]: JSON.stringify(map(first, second)), [first]: 'x', [second]: 'y' },
      ['x', 'y'],
    ],
    [
      'the shards of float16',
      {
        [index]: JSON.stringify(map(first, second)),
        [first]: 'x',
        [second]: 'y',
        [halfIndex]: JSON.stringify(map(halfFirst, halfSecond)),
        [halfFirst]: 'p',
        [halfSecond]: 'q',
      },
      ['p', 'q'],
    ],
    [
      'float16 in shards rather than a whole file of another dtype',
      {
        [plain]: 'x',
        [halfIndex]: JSON.stringify(map(halfFirst, halfSecond)),
        [halfFirst]: 'p',
        [halfSecond]: 'q',
      },
      ['p', 'q'],
    ],
    [
      'float16 shards under the newer name of their index',
      {
        'unet/diffusion_pytorch_model.fp16.safetensors.index.json': JSON.stringify(map(halfFirst, halfSecond)),
        [halfFirst]: 'p',
        [halfSecond]: 'q',
      },
      ['p', 'q'],
    ],
    [
      'the file without a variant, whatever came first',
      {
        'unet/diffusion_pytorch_model.bf16.safetensors': 'b',
        'unet/diffusion_pytorch_model.non_ema.safetensors': 'n',
        [plain]: 'x',
      },
      ['x'],
    ],
    ['one file rather than shards', { [index]: '{}', [first]: 'x', [plain]: 'y' }, ['y']],
    ['none of another network', { [plain]: 'x', 'unet_old/model.fp16.safetensors': 'y' }, ['x']],
  ])('takes %s', async (_, files, tensors) => {
    const checkpoint = await Checkpoint.open(withUnet(files));
    expect((await checkpoint.weights('unet')).names).toEqual(tensors);
  });

  test.each([
    [{}, 'WeightsError: The model folder has no .safetensors file in unet/.'],
    [{ 'unet/diffusion_pytorch_model.bin': 'x' }, 'WeightsError: The model folder has no .safetensors file in unet/.'],
    [
      { [index]: JSON.stringify(map(first, second)), [first]: 'x' },
      `WeightsError: The model folder has no ${second}, which ${index} names.`,
    ],
    [
      { [index]: JSON.stringify(map(first, second)), [first]: 'x', [second]: 'z' },
      `WeightsError: ${second} has no tensor y, which ${index} says is there. Fetch the shards and the index again`,
    ],
    [
      { [index]: JSON.stringify(map(first, second)), [first]: 'x', [second]: 'y,x' },
      `WeightsError: ${first} and ${second} both hold the tensor x; one of them must not.`,
    ],
    [
      { 'model.safetensors': 'x' },
      'The model folder has no .safetensors file in unet/, and model.safetensors is no checkpoint that holds all networks.',
    ],
    [{ [plain]: 'x.weight_scale' }, `${plain} holds 8-bit weights with scales beside them`],
    [{ [index]: 'null' }, `ConfigError: ${index} is not one this app can run.`],
    [{ [index]: '{"weight_map": {}}' }, `ConfigError: ${index} is not one this app can run. ✖ names no tensor`],
    [{ [index]: '{"weight_map": {"x": 5}}' }, `ConfigError: ${index} is not one this app can run.`],
    [{ [index]: '{"weight' }, `ConfigError: ${index} is not JSON: the file is damaged.`],
  ])('refuses %j', async (files, message) => {
    const checkpoint = await Checkpoint.open(withUnet(files));
    await expect(checkpoint.weights('unet').catch(String)).resolves.toContain(message);
  });
});

test.each([
  ['unet/config.json', undefined, 'The model folder has no unet/config.json.'],
  ['vae/config.json', '{"block', 'vae/config.json is not JSON: the file is damaged.'],
  ['feature_extractor/preprocessor_config.json', undefined, 'The model folder has no feature_extractor/'],
  [
    'image_encoder/config.json',
    { projection_dim: 48 },
    'The parts of this checkpoint do not fit together: projection_dim of image_encoder and cross_attention_dim of unet is 48 here and 40 there.',
  ],
  ['vae/config.json', { latent_channels: 8 }, 'latent_channels of vae and out_channels of unet is 8 here and 4 there.'],
  [
    'unet/config.json',
    { in_channels: 4 },
    'twice latent_channels of vae and in_channels of unet is 8 here and 4 there.',
  ],
])('a folder whose %s is %j is refused', async (path, change, message) => {
  const content = typeof change === 'object' ? JSON.stringify({ ...JSON.parse(await text(path)), ...change }) : change;
  await expect(Checkpoint.open(replace({ [path]: content })).catch(String)).resolves.toContain(message);
});

const text = async (path: string) => (await tiny.open(path)).text();

/** The tiny folder with some files replaced, or left out where undefined. */
function replace(files: Readonly<Record<string, string | undefined>>): CheckpointFiles {
  return {
    paths: [...new Set([...tiny.paths, ...Object.keys(files)])].filter((path) => !(path in files) || files[path]),
    open: async (path) => (path in files ? new Blob([files[path] ?? '']) : tiny.open(path)),
  };
}

/** The tiny folder with these weights for the UNet. A .safetensors file is given by the names of its tensors. */
function withUnet(files: Readonly<Record<string, string>>): CheckpointFiles {
  const contents = Object.entries(files).map(([path, content]) => [
    path,
    path.endsWith('.safetensors') ? emptyTensors(content) : content,
  ]);
  return replace({ 'unet/diffusion_pytorch_model.safetensors': undefined, ...Object.fromEntries(contents) });
}

function emptyTensors(names: string): string {
  const empty = { dtype: 'U8', shape: [0], data_offsets: [0, 0] };
  const header = JSON.stringify(Object.fromEntries(names.split(',').map((name) => [name, empty])));
  return `${String.fromCharCode(header.length)}\0\0\0\0\0\0\0${header}`;
}
