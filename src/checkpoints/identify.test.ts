import { describe, expect, test } from 'vitest';
import { announcedFile } from '../../reference/announced-file';
import { readReferenceJson } from '../../reference/read';
import type { Component } from './checkpoint-files';
import { identify } from './identify';

type Tensors = readonly (readonly [name: string, shape: readonly number[]])[];

/** The tensors of the real SVD-XT. */
const tensorsOf = (component: Component): Tensors =>
  readReferenceJson<{ list: [string, number[]][] }>(`manifest/${component}.json`).list;

const singleFile: Tensors = Object.entries(
  readReferenceJson<{ map: Record<string, { shape: number[] }> }>('manifest/single_file_map.json').map,
).map(([name, { shape }]) => [name, shape]);

/** Kind, and what else is told but the file itself. */
async function told(blob: Blob, name = 'model.safetensors') {
  const identified = await identify(name, blob);
  if (identified.kind === 'refused') return identified.reason;
  const { file, ...rest } = identified;
  expect(file.blob).toBe(blob);
  return rest;
}

describe('a file of SVD is told from its header', () => {
  test.each([
    ['unet', 'F16', 3_049_246_164],
    ['vae', 'F16', 195_485_694],
    ['image_encoder', 'F32', 2_528_307_200],
    ['unet', 'BF16', 3_049_246_164],
    ['unet', 'F8_E4M3', 1_524_623_082],
  ] as const)('the %s in %s', async (component, dtype, atLeast) => {
    const blob = announcedFile(tensorsOf(component), dtype);
    expect(blob.size).toBeGreaterThan(atLeast);
    expect(await told(blob)).toEqual({ kind: 'component', component, whole: true, dtypes: [dtype], bytes: blob.size });
  });

  test.each(['unet', 'vae', 'image_encoder'] as const)(
    'every shard of the %s, cut anywhere, in either order',
    async (component) => {
      const tensors = tensorsOf(component);
      for (const order of [tensors, [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))]) {
        for (const share of [0.2, 0.5, 0.9]) {
          const cut = Math.floor(share * order.length);
          for (const shard of [order.slice(0, cut), order.slice(cut)]) {
            expect(await told(announcedFile(shard))).toMatchObject({ kind: 'component', component, whole: false });
          }
        }
      }
    },
  );

  test.each(['F16', 'F32', 'F8_E4M3'] as const)('the checkpoint in one file, in %s', async (dtype) => {
    const components = ['unet', 'vae', 'image_encoder'];
    expect(await told(announcedFile(singleFile, dtype))).toMatchObject({
      kind: 'single-file',
      components,
      dtypes: [dtype],
    });
  });

  test('one of the UNet alone', async () => {
    const unet = singleFile.filter(([name]) => name.startsWith('model.diffusion_model.'));
    expect(await told(announcedFile(unet))).toMatchObject({ kind: 'single-file', components: ['unet'] });
  });

  test('whatever its name is', async () => {
    expect(await told(announcedFile(tensorsOf('vae')), 'sdxl-lora.ckpt')).toMatchObject({ component: 'vae' });
  });
});

/** An image model's UNet in diffusers' names that attends to a context of this width. */
const imageUNet = (context: number): Tensors => [
  ['conv_in.weight', [320, 4, 3, 3]],
  ['conv_out.weight', [4, 320, 3, 3]],
  ['down_blocks.0.resnets.0.norm1.weight', [320]],
  ['down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight', [640, context]],
  ['mid_block.resnets.0.norm1.weight', [1280]],
];
/** The same in Stability's names, with the rest of its file. */
const imageCheckpoint = (context: number): Tensors => [
  ['model.diffusion_model.input_blocks.0.0.weight', [320, 4, 3, 3]],
  ['model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight', [640, context]],
  ['first_stage_model.decoder.conv_in.weight', [512, 4, 3, 3]],
  ['cond_stage_model.transformer.text_model.embeddings.position_ids', [1, 77]],
];
const withInput = (channels: number) =>
  tensorsOf('unet').map(([name, shape]): Tensors[number] =>
    name === 'conv_in.weight' ? [name, [320, channels, 3, 3]] : [name, shape],
  );

describe('another model is named, and what is needed instead:', () => {
  test.each([
    ['SDXL’s UNet', imageUNet(2048), 'is a UNet of Stable Diffusion XL, which makes single pictures.'],
    ['SD 1.5’s UNet', imageUNet(768), 'is a UNet of Stable Diffusion 1.x, which makes single pictures.'],
    ['SD 2.1’s UNet', imageUNet(1024), 'is a UNet of Stable Diffusion 2.x,'],
    ['a UNet nobody knows', imageUNet(333), 'is a UNet of another model,'],
    ['SDXL in one file', imageCheckpoint(2048), 'is a checkpoint of Stable Diffusion XL, which makes single pictures.'],
    ['SD 1.5 in one file', imageCheckpoint(768), 'is a checkpoint of Stable Diffusion 1.x,'],
    [
      'a LoRA of a trainer',
      [['lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight', [4, 320]]],
      'is a LoRA: a small change to a model, and not a model.',
    ],
    [
      'AnimateLCM’s LoRA',
      [['down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_q_lora.down.weight', [64, 320]]],
      'is a LoRA:',
    ],
    ['a LoRA of PEFT', [['unet.down_blocks.0.attn1.to_q.lora_A.weight', [4, 320]]], 'is a LoRA:'],
    [
      'a ControlNet',
      [
        ['controlnet_cond_embedding.conv_in.weight', [16, 3, 3, 3]],
        ['conv_in.weight', [320, 4, 3, 3]],
      ],
      'is a ControlNet.',
    ],
    [
      'a ControlNet in its original names',
      [['control_model.input_blocks.0.0.weight', [320, 4, 3, 3]]],
      'is a ControlNet.',
    ],
    [
      'a motion module',
      [['down_blocks.0.motion_modules.0.temporal_transformer.norm.weight', [320]]],
      'is a motion module for AnimateDiff',
    ],
    [
      'a text encoder',
      [['text_model.embeddings.token_embedding.weight', [49408, 768]]],
      'is a text encoder; Stable Video Diffusion has none.',
    ],
    [
      'T5',
      [
        ['shared.weight', [32128, 4096]],
        ['encoder.block.0.layer.0.SelfAttention.q.weight', [4096, 4096]],
      ],
      'is a text encoder;',
    ],
    [
      'the VAE of Stable Diffusion',
      [
        ['encoder.conv_in.weight', [128, 3, 3, 3]],
        ['decoder.conv_in.weight', [512, 4, 3, 3]],
        ['decoder.mid_block.resnets.0.norm1.weight', [512]],
      ],
      'is the VAE of another model: its decoder does not look along the frames.',
    ],
    [
      'a VAE in original names',
      [['first_stage_model.decoder.conv_in.weight', [512, 4, 3, 3]]],
      'is a VAE in its original names, without the rest of the checkpoint.',
    ],
    [
      'CLIP without projection',
      [
        ['vision_model.embeddings.class_embedding', [1280]],
        ['vision_model.post_layernorm.weight', [1280]],
      ],
      'is a CLIP image encoder without its projection.',
    ],
    [
      'a transformer',
      [['transformer_blocks.0.attn.to_q.weight', [3072, 3072]]],
      'is not Stable Video Diffusion: it holds tensors such as transformer_blocks.0.attn.to_q.weight.',
    ],
    [
      'a UNet without its prefix',
      [['input_blocks.0.0.weight', [320, 8, 3, 3]]],
      'is a UNet in Stability’s names without the prefix model.diffusion_model',
    ],
    [
      'an SVD UNet of 12 input channels',
      withInput(12),
      'is a UNet like Stable Video Diffusion’s with 12 input channels; 8 are expected',
    ],
    [
      'SV3D',
      singleFile.map(([name, shape]) => [name, name.endsWith('label_emb.0.0.weight') ? [1280, 256] : shape]),
      'is a checkpoint of Stable Video 3D, which turns around an object.',
    ],
    ['nothing', [], 'holds no tensor.'],
    [
      'SVD with the decoder for pictures',
      singleFile.filter(([name]) => !/first_stage_model.*time_(stack|mix)|first_stage_model.*mix_factor/.test(name)),
      'is Stable Video Diffusion with the decoder for single pictures.',
    ],
    [
      'scaled fp8',
      [...singleFile, ['model.diffusion_model.input_blocks.1.1.proj_in.scale_weight', [1]]],
      'holds 8-bit weights with scales beside them (scaled fp8), which are not supported.',
    ],
    [
      'scaled fp8 in diffusers’ names',
      [...tensorsOf('unet'), ['down_blocks.0.attentions.0.proj_in.weight_scale', [1]]],
      '(scaled fp8)',
    ],
  ] as readonly [string, Tensors, string][])('%s', async (_, tensors, reason) => {
    const reasonGiven = await told(announcedFile(tensors));
    expect(reasonGiven).toContain(reason);
    expect(reasonGiven).toMatch(/^model\.safetensors .*(needed|another task|expected|supported).*\.$/s);
  });
});

describe('what is no safetensors file is named:', () => {
  const zeros = new Uint8Array(600);
  test.each([
    ['an empty file', [], 'is empty (0 bytes)'],
    [
      'a Git LFS pointer',
      ['version https://git-lfs.github.com/spec/v1\noid sha256:1234\nsize 3049435836\n'],
      'is a Git LFS pointer',
    ],
    [
      'a login page',
      ['\n<!DOCTYPE html><html lang="en"><title>Log in'],
      'is a web page: a site answered the download with a page',
    ],
    ['a page without doctype', ['<html>'], 'is a web page'],
    ['a GGUF file', ['GGUF\x03\0\0\0', zeros], 'is a GGUF file.'],
    ['a .ckpt', ['PK\x03\x04', zeros], 'is a ZIP archive: either a PyTorch checkpoint'],
    ['an old .bin', [Uint8Array.of(0x80, 0x02, 0x8a, 0x0a, 0x6c), zeros], 'in Python’s pickle format'],
    ['an error in JSON', ['{"error":"Repository not found"}'], 'is a JSON text and not weights.'],
    [
      'an error in words',
      ['Access to model stabilityai/x is restricted. You must be authenticated.'],
      'is a text and not weights',
    ],
    ['bytes', [Uint8Array.from({ length: 600 }, (_, i) => (i * 37) % 251)], 'announces a header of'],
    ['seven bytes', [zeros.slice(0, 7)], 'has 7 bytes: too short for a safetensors file.'],
  ] as readonly [string, (string | Uint8Array<ArrayBuffer>)[], string][])('%s', async (_, parts, reason) => {
    const sentence = await told(new Blob(parts));
    expect(sentence).toContain(reason);
    expect(sentence).toMatch(/^model\.safetensors .*\.$/s);
  });

  test('a header that reads like one of them is a header', async () => {
    // 0x280 bytes of header: its first two bytes are those of a pickle.
    const json = JSON.stringify({ a: { dtype: 'F32', shape: [], data_offsets: [0, 4] } }).padEnd(0x280);
    const blob = new Blob([new BigUint64Array([0x280n]), json, new Uint8Array(4)]);
    expect(await told(blob)).toContain('is not Stable Video Diffusion: it holds tensors such as a.');
  });
});
