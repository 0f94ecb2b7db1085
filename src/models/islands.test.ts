import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { printGraph } from '../../reference/print-graph';
import { get, readReference, relativeError } from '../../reference/read';
import { runGraph } from '../../reference/run-graph';
import { withScaled } from '../../reference/scaled-weights';
import { filesOf } from '../../reference/tiny-checkpoint';
import { Checkpoint } from '../checkpoints/checkpoint';
import { type Tensor, tensor } from '../tensor/tensor';
import { type GraphOptions, unetGraph, vaeDecoderGraph } from './graphs';
import type { Island } from './islands';
import { unetInputs } from './unet-spatio-temporal-condition';

// Seconds of work, more on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const tiny = filesOf(join(import.meta.dirname, '../../reference/tiny'));
const VAE = 'vae/diffusion_pytorch_model.safetensors';

/** reference/README.md: where half precision backends should start. */
const LIMIT = 2e-2;

type Options = Pick<GraphOptions, 'dtype' | 'islands'>;

const ALL: readonly Island[] = ['output', 'attention'];
const PLAIN: Options = { dtype: 'float16', islands: [] };
const FULL: Options = { dtype: 'float32' };

test('a graph of float16 widens only at the edges of its islands', async () => {
  const casts = async (islands: readonly Island[]) =>
    printGraph((await unet({ dtype: 'float16', islands })).graph)
      .split('\n')
      .filter((line) => line.includes(': Cast('));
  const plain = await casts([]);
  expect(plain).toEqual([
    '/Cast: Cast(encoder_hidden_states) -> [1,40]',
    '/Cast_1: Cast(time_proj) -> [1,32]',
    '/Cast_2: Cast(add_time_proj) -> [1,48]',
    '/Cast_3: Cast(sample) -> [5,8,8,16]',
    '/Cast_4: Cast(/conv_out/Conv) -> [5,4,8,16]',
  ]);
  expect(await casts(['output'])).toEqual([
    ...plain.slice(0, 4),
    '/Cast_4: Cast(/up_blocks.3/attentions.2/Add_2) -> [5,32,8,16]',
  ]);
  const attention = (await casts(['attention'])).filter((line) => !plain.includes(line));
  expect(attention).toHaveLength(5 * 3);
  const block = '/down_blocks.0/attentions.0/transformer_blocks.0';
  expect(attention.slice(0, 3)).toEqual([
    `${block}/attn1/Cast: Cast(${block}/norm1/LayerNormalization) -> [5,128,32]`,
    `${block}/attn1/Cast_1: Cast(${block}/attn2/Reshape) -> [32]`,
    `${block}/attn1/Cast_2: Cast(${block}/attn1/to_out.0/Reshape_1) -> [5,128,32]`,
  ]);
});

test('islands change no more than rounding', async () => {
  const expected = get(readReference('stages/unet_b1_t0.5.safetensors'), 'output').data;
  for (const islands of [[], ALL]) {
    expect(relativeError((await runUnet({ dtype: 'float16', islands })).data, expected)).toBeLessThan(LIMIT);
  }
});

test('a graph of float32 has no islands', async () => {
  const graphOf = async (islands: readonly Island[]) => printGraph((await unet({ dtype: 'float32', islands })).graph);
  expect(await graphOf(ALL)).toBe(await graphOf([]));
});

// Weights of one layer multiplied and those of the next divided: only what lies between is beyond 65504. Of the VAE's decoder
// alone, since ONNX Runtime's CPU rounds to half precision only where a tensor is transposed, split or joined, which in the
// UNet's islands none is.
test.each([
  {
    island: 'attention',
    scales: {
      'decoder.mid_block.attentions.0.group_norm.weight': 2 ** 15,
      'decoder.mid_block.attentions.0.to_q.weight': 2 ** -12,
      'decoder.mid_block.attentions.0.to_k.weight': 2 ** -12,
      'decoder.mid_block.attentions.0.to_v.weight': 2 ** -12,
    },
  },
  { island: 'output', scales: { 'decoder.conv_out.weight': 2 ** 17 } },
] as const)('the decoder’s island $island holds what half precision does not', async ({ island, scales }) => {
  const files = withScaled(tiny, { [VAE]: scales });
  const finite = ({ data }: Tensor) => data.every(Number.isFinite);
  expect(finite(await runDecoder(PLAIN, files))).toBe(false);
  const full = await runDecoder(FULL, files);
  expect(finite(full)).toBe(true);
  const half = await runDecoder({ dtype: 'float16', islands: [island] }, files);
  expect(relativeError(half.data, full.data)).toBeLessThan(LIMIT);
});

async function unet(options: Options) {
  const checkpoint = await Checkpoint.open(tiny);
  const weights = await checkpoint.weights('unet');
  const graph = unetGraph(checkpoint.unet, { frames: 5, height: 8, width: 16 }, { ...options, locate: weights.locate });
  return { graph, checkpoint, weights };
}

async function runUnet(options: Options): Promise<Tensor> {
  const reference = readReference('stages/unet_b1_t0.5.safetensors');
  const input = (name: string, shape: number[]): Tensor => tensor(shape, get(reference, name).data);
  const { graph, checkpoint, weights } = await unet(options);
  const inputs = unetInputs(checkpoint.unet, {
    sample: input('sample', [5, 8, 8, 16]),
    timestep: input('timestep', [1]),
    encoder_hidden_states: input('encoder_hidden_states', [1, 40]),
    added_time_ids: input('added_time_ids', [3]),
  });
  return (await runGraph<'v'>(graph, weights.blobs, inputs)).v;
}

async function runDecoder(options: Options, files = tiny): Promise<Tensor> {
  const checkpoint = await Checkpoint.open(files);
  const weights = await checkpoint.weights('vae');
  const graph = vaeDecoderGraph(
    checkpoint.vae,
    { frames: 5, height: 64, width: 128 },
    { ...options, locate: weights.locate },
  );
  const latents = tensor([5, 4, 8, 16], get(readReference('stages/vae_decode.safetensors'), 'z_unscaled').data);
  return (await runGraph<'sample'>(graph, weights.blobs, { latents })).sample;
}
