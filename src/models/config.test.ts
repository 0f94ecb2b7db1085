import { expect, test } from 'vitest';
import { readReferenceJson } from '../../reference/read';
import { ConfigError, clipVisionConfig, parseConfig, preprocessorConfig, unetConfig, vaeConfig } from './config';

const unet = readReferenceJson<object>('tiny/unet/config.json');
const vae = readReferenceJson<object>('tiny/vae/config.json');
const clip = readReferenceJson<object>('tiny/image_encoder/config.json');

test('configs as diffusers and transformers write them pass, keys this app does not read among them', () => {
  expect(parseConfig('unet/config.json', unetConfig, unet)).toMatchObject({ block_out_channels: [32, 32, 64, 64] });
  expect(parseConfig('vae/config.json', vaeConfig, vae)).toMatchObject({ scaling_factor: 0.18215 });
  expect(parseConfig('image_encoder/config.json', clipVisionConfig, clip)).toMatchObject({ hidden_act: 'gelu' });
});

test.each([
  [{ num_attention_heads: [2, 4] }, 'has 2 entries for 4 levels', 'num_attention_heads'],
  [{ num_attention_heads: [3, 4, 4, 4] }, '3 heads do not divide the 32 channels of level 0', 'num_attention_heads'],
  [
    { addition_time_embed_dim: 20 },
    'must be three times addition_time_embed_dim (fps, motion bucket, noise augmentation)',
    'projection_class_embeddings_input_dim',
  ],
  [
    { block_out_channels: [32, 48, 64, 64], num_attention_heads: 2 },
    'must be a multiple of 32, the number of groups of every GroupNorm',
    'block_out_channels[1]',
  ],
  [
    { down_block_types: ['DownBlock2D', 'DownBlock2D', 'DownBlock2D', 'DownBlock2D'] },
    'expected one of "CrossAttnDownBlockSpatioTemporal"|"DownBlockSpatioTemporal"',
    'down_block_types[0]',
  ],
  [{ up_block_types: ['UpBlockSpatioTemporal'] }, 'has 1 entries for 4 levels', 'up_block_types'],
  [{ in_channels: undefined }, 'expected number, received undefined', 'in_channels'],
  [{ layers_per_block: 1e9 }, 'expected number to be <=65536', 'layers_per_block'],
])('a UNet that SVD does not have is refused: %j', (change, reason, key) => {
  const message = refusal(() => parseConfig('unet/config.json', unetConfig, { ...unet, ...change }));
  expect(message).toMatch(/^unet\/config\.json is not one this app can run\. /);
  expect(message).toContain(reason);
  expect(message).toContain(`at ${key}`);
});

test.each([
  [vaeConfig, vae, { block_out_channels: [32, 33] }, 'must be a multiple of 32'],
  [vaeConfig, vae, { down_block_types: ['AttnDownEncoderBlock2D'] }, 'expected "DownEncoderBlock2D"'],
  [vaeConfig, vae, { scaling_factor: 0 }, 'expected number to be >0'],
  [clipVisionConfig, clip, { hidden_act: 'relu' }, 'expected one of "gelu"|"quick_gelu"'],
  [clipVisionConfig, clip, { num_attention_heads: 5 }, 'must divide hidden_size'],
  [preprocessorConfig, {}, { image_mean: [0, 0, 0], image_std: [1, 1] }, 'at image_std'],
])('the other parts are refused as plainly: %#', (schema, config, change, reason) => {
  expect(refusal(() => parseConfig<unknown>('config.json', schema, { ...config, ...change }))).toContain(reason);
});

test.each([[null], ['text'], [[]], [7]])('a config that is %j is refused', (json) => {
  expect(refusal(() => parseConfig('unet/config.json', unetConfig, json))).toContain('expected object');
});

function refusal(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error('The config was accepted.');
}
