import { join } from 'node:path';
import * as ort from 'onnxruntime-web';
import { expect, test, vi } from 'vitest';
import { inputsOf } from '../e2e/pages/network-graph';
import { firstBad, probe, type Reading } from '../reference/probe';
import { withScaled } from '../reference/scaled-weights';
import { filesOf } from '../reference/tiny-checkpoint';
import { Checkpoint, type CheckpointFiles } from '../src/checkpoints/checkpoint';
import { unetGraph, vaeDecoderGraph } from '../src/models/graphs';
import { openNetwork } from '../workers/inference/network';

// Seconds of work, more on a busy machine.
vi.setConfig({ testTimeout: 120_000 });
ort.env.wasm.numThreads = 1;

const tiny = filesOf(join(import.meta.dirname, '../reference/tiny'));
const UNET = 'unet/diffusion_pytorch_model.safetensors';
const VAE = 'vae/diffusion_pytorch_model.safetensors';

test('every block of a network is read, in the order of its work, and a sound one has no bad block', async () => {
  const found = await readings(tiny, 'unet', 'float16');
  expect(firstBad(found, 'float16')).toBeUndefined();
  const paths = found.map(({ path }) => path);
  expect(paths.slice(0, 5)).toEqual([
    'time_embedding',
    'add_embedding',
    'conv_in',
    'down_blocks.0.resnets.0',
    'down_blocks.0.attentions.0',
  ]);
  expect(paths.slice(-3)).toEqual(['up_blocks.3.attentions.2', 'conv_norm_out', 'conv_out']);
  expect(found[2]).toMatchObject({ shape: [2, 32, 8, 8], nan: 0, infinite: 0 });
  expect(found[2]?.maxAbs).toBeGreaterThan(0);
});

test('a planted NaN is found in its block, and inside it in its layer', async () => {
  const name = 'up_blocks.1.resnets.1.temporal_res_block.conv2.bias';
  const files = withScaled(tiny, { [UNET]: { [name]: Number.NaN } });
  const found = await readings(files, 'unet', 'float32');
  expect(firstBad(found, 'float32')?.path).toBe('up_blocks.1.resnets.1');
  expect(found.at(-1)?.nan).toBe(found.at(-1)?.shape.reduce((product, size) => product * size, 1));

  const inside = await readings(files, 'unet', 'float32', 'up_blocks.1.resnets.1');
  expect(firstBad(inside, 'float32')?.path).toBe('up_blocks.1.resnets.1.temporal_res_block.conv2');
});

test('numbers that half precision does not hold are bad in a graph of float16 alone', async () => {
  const files = withScaled(tiny, { [VAE]: { 'decoder.conv_in.weight': 2 ** 15 } });
  expect(firstBad(await readings(files, 'vae', 'float16'), 'float16')?.path).toBe('decoder.conv_in');
  const full = await readings(files, 'vae', 'float32');
  expect(firstBad(full, 'float32')).toBeUndefined();
  expect(full[0]?.maxAbs).toBeGreaterThan(65504);
});

test('a module that the network does not have is told', async () => {
  await expect(readings(tiny, 'unet', 'float32', 'down_blocks.9')).rejects.toThrow('no module inside down_blocks.9');
});

async function readings(
  files: CheckpointFiles,
  network: 'unet' | 'vae',
  dtype: 'float32' | 'float16',
  within?: string,
): Promise<Reading[]> {
  const checkpoint = await Checkpoint.open(files);
  const { locate, blobs } = await checkpoint.weights(network);
  const build = () =>
    network === 'unet'
      ? unetGraph(checkpoint.unet, { frames: 2, height: 8, width: 8 }, { dtype, locate })
      : vaeDecoderGraph(checkpoint.vae, { frames: 2, height: 64, width: 64 }, { dtype, locate });
  const found: Reading[] = [];
  const open = (graph: ReturnType<typeof build>) => openNetwork({ ort, readsBlobs: false }, graph, blobs);
  for await (const reading of probe(build, open, inputsOf, within)) found.push(reading);
  return found;
}
