import { describe, expect, test } from 'vitest';
import { announcedFile } from '../../reference/announced-file';
import { originalOfUNet, originalOfVae, type Structure } from '../../reference/original-names';
import { readReferenceJson } from '../../reference/read';
import { AutoencoderKLTemporalDecoder } from '../models/autoencoder-kl-temporal-decoder';
import { type UNetConfig, unetConfig, type VaeConfig, vaeConfig } from '../models/config';
import { UNetSpatioTemporalConditionModel } from '../models/unet-spatio-temporal-condition';
import { named, type Parameter, parameters } from '../nn/module';
import type { StoredTensor } from '../safetensors/header';
import { SafetensorsFile } from '../safetensors/safetensors-file';
import type { Component } from './checkpoint-files';
import { networkOfSingleFile } from './single-file';

/** Where every tensor of a real checkpoint in one file goes, as the reference has it. */
interface Entry {
  readonly component: Component;
  readonly shape: number[];
  readonly to: readonly { readonly name: string; readonly transform?: string }[];
}

const { map } = readReferenceJson<{ map: Record<string, Entry> }>('manifest/single_file_map.json');

/** Those of the real SVD-XT. */
const { configs } = readReferenceJson<{ configs: Record<string, unknown> }>('manifest/summary.json');

const COMPONENTS: readonly Component[] = ['unet', 'vae', 'image_encoder'];

const fileOf = (shapes: readonly (readonly [name: string, shape: readonly number[]])[]) =>
  SafetensorsFile.open('svd.safetensors', announcedFile(shapes));

const original = Object.entries(map).map(([name, { shape }]) => [name, shape] as const);

/** One network of a file, as one map. */
async function network(file: SafetensorsFile, component: Component): Promise<ReadonlyMap<string, StoredTensor>> {
  const files = await networkOfSingleFile(file, component);
  return new Map(files.flatMap(({ tensors }) => [...tensors]));
}

describe('of the real checkpoint in one file', () => {
  test.each(COMPONENTS)(
    'every tensor of the %s gets the name, the shape and the bytes that the reference gives it',
    async (component) => {
      const file = await fileOf(original);
      const found = await network(file, component);
      const expected = Object.entries(map)
        .filter(([, entry]) => entry.component === component)
        .flatMap(([name, { to }]) => to.map((target) => [target.name, placed(file, name, target.transform)] as const));
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
      expect(found.size).toBe(expected.length);
    },
  );

  test.each(COMPONENTS)(
    'the %s has the tensors and shapes of diffusers’ layout, no more and no fewer',
    async (component) => {
      const { list } = readReferenceJson<{ list: [string, number[]][] }>(`manifest/${component}.json`);
      const found = await network(await fileOf(original), component);
      expect(Object.fromEntries([...found].map(([name, { shape }]) => [name, shape]))).toEqual(
        Object.fromEntries(list),
      );
    },
  );

  test('each of its 2,194 tensors is read by one network, and gives 2,322 in all', async () => {
    const file = await fileOf(original);
    expect(file.tensors.size).toBe(2194);
    const networks = await Promise.all(COMPONENTS.map((component) => network(file, component)));
    expect(networks.map(({ size }) => size)).toEqual([1428, 374, 520]);
    const read = new Set(networks.flatMap((tensors) => [...tensors.values()].map(({ begin }) => begin)));
    const starts = [...file.tensors.values()].map(({ begin }) => begin);
    expect(starts.filter((begin) => !read.has(begin))).toEqual([]);
  });
});

/** Where a tensor of the file lies under its new name: the transforms as single_file_map.json words them. */
function placed(file: SafetensorsFile, name: string, transform = ''): StoredTensor {
  const stored = file.tensors.get(name) as StoredTensor;
  const { shape, begin, end } = stored;
  const [rows, columns] = shape as [number, number];
  const slice = transform.match(/^qkv_slice_([012])$/)?.[1];
  if (slice) {
    const bytes = (end - begin) / 3;
    const first = begin + Number(slice) * bytes;
    return { ...stored, shape: [rows / 3, ...shape.slice(1)], begin: first, end: first + bytes };
  }
  if (transform === 'transpose') return { ...stored, shape: [columns, rows], transposed: true };
  if (transform === 'conv1x1_to_linear') return { ...stored, shape: [rows, columns] };
  if (transform) throw new Error(`What is the transform ${transform}?`);
  return stored;
}

describe('a network of another depth', () => {
  test('is not needed to check that: the names counted here are the reference’s', () => {
    for (const [name, { component, to }] of Object.entries(map)) {
      const structure = { levels: 4, layers: 2 };
      for (const target of to) {
        if (component === 'unet') expect(originalOfUNet(target.name, structure, (level) => level > 0)).toBe(name);
        if (component === 'vae') expect(originalOfVae(target.name, structure)).toBe(name);
      }
    }
  });

  test.each([
    { levels: 2, layers: 1 },
    { levels: 3, layers: 3 },
    { levels: 5, layers: 2 },
    { levels: 4, layers: 1 },
  ])('is read as well: $levels levels of $layers layers', async (structure) => {
    const unet = new Map(parameters(named(new UNetSpatioTemporalConditionModel(unetOf(structure)))).map(nameAndShape));
    const vae = new Map(parameters(named(new AutoencoderKLTemporalDecoder(vaeOf(structure)))).map(nameAndShape));
    const file = await fileOf([
      ...[...unet].map(([name, shape]) => [originalOfUNet(name, structure, (level) => level > 0), shape] as const),
      ...[...vae].map(([name, shape]) => [originalOfVae(name, structure), convolved(name, shape)] as const),
    ]);
    const shapes = async (component: Component) =>
      new Map([...(await network(file, component))].map(([name, { shape }]) => [name, shape]));
    expect(await shapes('unet')).toEqual(unet);
    expect(await shapes('vae')).toEqual(vae);
  });
});

const nameAndShape = ({ path, shape }: Parameter) => [path, shape] as const;

/** Of the VAE's attention, the shapes of the original's convolutions. */
const convolved = (name: string, shape: readonly number[]) =>
  /attentions\.0\.to_.*\.weight$/.test(name) ? [...shape, 1, 1] : shape;

/** The last level down and the first up have no attention. */
function unetOf({ levels, layers }: Structure): UNetConfig {
  const list = <T>(of: (i: number) => T) => Array.from({ length: levels }, (_, i) => of(i));
  return {
    ...unetConfig.parse(configs.unet),
    block_out_channels: list((i) => (i ? 64 : 32)),
    num_attention_heads: list(() => 2),
    layers_per_block: layers,
    down_block_types: list((i) => (i < levels - 1 ? 'CrossAttnDownBlockSpatioTemporal' : 'DownBlockSpatioTemporal')),
    up_block_types: list((i) => (i ? 'CrossAttnUpBlockSpatioTemporal' : 'UpBlockSpatioTemporal')),
  };
}

const vaeOf = ({ levels, layers }: Structure): VaeConfig => ({
  ...vaeConfig.parse(configs.vae),
  block_out_channels: Array.from({ length: levels }, (_, i) => (i ? 64 : 32)),
  down_block_types: Array(levels).fill('DownEncoderBlock2D'),
  layers_per_block: layers,
});

test('what no network has is left out', async () => {
  const extra = [
    'model_ema.decay',
    'model_ema.diffusion_modelinput_blocks00weight',
    'conditioner.embedders.0.open_clip.model.visual.surprise',
    'conditioner.embedders.3.encoder.decoder.conv_in.weight',
    'conditioner.embedders.3.encoder.post_quant_conv.weight',
    'first_stage_model.encoder.conv_in.weight',
    'model.diffusion_model.input_blocks.1.0.surprise.weight',
    'denoiser.sigmas',
  ].map((name) => [name, [2]] as const);
  const file = await fileOf([...original, ...extra]);
  const sizes = await Promise.all(COMPONENTS.map(async (component) => (await network(file, component)).size));
  expect(sizes).toEqual([1428, 374, 520]);
});

describe('without the conditioner’s encoder', () => {
  const firstStage = original.map(
    ([name, shape]) => [name.replace('conditioner.embedders.3.encoder.', 'first_stage_model.'), shape] as const,
  );
  const quantConv = /\.quant_conv\./;

  test('the first stage’s own is read', async () => {
    const found = await network(await fileOf(firstStage), 'vae');
    const { list } = readReferenceJson<{ list: [string, number[]][] }>('manifest/vae.json');
    expect(new Set(found.keys())).toEqual(new Set(list.map(([name]) => name)));
  });

  test('and where that has no quant_conv, the identity stands for it', async () => {
    const files = await networkOfSingleFile(await fileOf(firstStage.filter(([name]) => !quantConv.test(name))), 'vae');
    const identity = files.find(({ tensors }) => tensors.has('quant_conv.weight')) as SafetensorsFile;
    const { shape, data } = await identity.read('quant_conv.weight');
    expect(shape).toEqual([8, 8, 1, 1]);
    expect([...data]).toEqual(Array.from({ length: 64 }, (_, i) => Number(Math.floor(i / 8) === i % 8)));
    expect([...(await identity.read('quant_conv.bias')).data]).toEqual(Array(8).fill(0));
  });
});

test('the conditioner’s encoder needs its own quant_conv', async () => {
  const found = await network(await fileOf(original.filter(([name]) => !name.includes('.quant_conv.'))), 'vae');
  expect(found.size).toBe(372);
  expect(found.has('quant_conv.weight')).toBe(false);
});

describe('a tensor that cannot be cut or turned is refused:', () => {
  const CLIP = 'conditioner.embedders.0.open_clip.model.visual.';
  test.each([
    [
      `${CLIP}transformer.resblocks.0.attn.in_proj_weight`,
      [3839, 1280],
      'image_encoder',
      'query, key and value, one below the other, was expected',
    ],
    [`${CLIP}transformer.resblocks.0.attn.in_proj_bias`, [], 'image_encoder', 'query, key and value'],
    [`${CLIP}proj`, [1280], 'image_encoder', 'a matrix was expected'],
    [
      'first_stage_model.decoder.mid.attn_1.q.weight',
      [512, 512, 3, 3],
      'vae',
      'a convolution of kernel 1 was expected',
    ],
  ] as const)('%s of shape [%s]', async (name, shape, component, message) => {
    const file = await fileOf([[name, shape]]);
    await expect(networkOfSingleFile(file, component)).rejects.toMatchObject({
      name: 'WeightsError',
      message: expect.stringContaining(`svd.safetensors: tensor ${name} has shape [${shape}]; ${message}`),
    });
  });
});
