/**
 * `npm run probe -- [options]`: what each block of a network returns, to find where half precision does not suffice: the
 * largest absolute value, how many numbers are NaN or infinite, and the first block that is bad.
 *
 *   --network unet|vae_decoder|vae_encoder|image_encoder   default unet
 *   --model DIR          a checkpoint in the layout of diffusers; SVD-XT with random weights unless given
 *   --within PATH        every module inside this one instead of the blocks: down_blocks.0.attentions.0
 *   --frames N           default 2
 *   --size WIDTHxHEIGHT  in pixels, default 64x64
 *   --dtype float16|float32      default float16
 *   --islands output,attention   parts in float32 (src/models/islands.ts); "none" for none; default as the app has them
 *   --backend node|wasm|webgpu   wasm in Node (the default) or in Chromium, or WebGPU in Chromium
 *   --gpu real|swiftshader       default real where nvidia-smi answers; SwiftShader has no float16
 *   --keep DIR, --chromium PATH  as of `npm run fullsize`
 *
 * In wasm a float16 graph holds larger numbers than a GPU does, since ONNX Runtime computes some of it in float32: a block
 * beyond 65504 counts as bad there too.
 */
import { openAsBlob } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import * as ort from 'onnxruntime-web';
import { inputsOf, networkGraph } from '../e2e/pages/network-graph';
import { firstBad, probe, type Reading } from '../reference/probe';
import { openWeights } from '../src/checkpoints/checkpoint';
import type { Island } from '../src/models/islands';
import { openNetwork } from '../workers/inference/network';
import { openLab } from './browser/lab';
import { NvidiaMemory } from './browser/nvidia-memory';
import { table } from './figures';
import { chooseNetwork, FOLDER } from './network-choice';
import { fail } from './setup.mjs';
import { checkBackend } from './single-network/checks';
import { OPTIONS, oneOf, readOptions } from './single-network/options';
import { weightFiles } from './single-network/weights';

const { values } = parseArgs({ options: { ...OPTIONS, within: { type: 'string' }, islands: { type: 'string' } } });
const options = readOptions(values, ['node', 'wasm', 'webgpu']);
const { network, model, backend } = options;
const dtype = options.dtype ?? 'float16';
const choice = await tell(async () => chooseNetwork(network, model, options));
const islands = islandsOf(values.islands);
const request = { ...choice, folder: FOLDER[network], dtype, ...(islands && { islands }) };
const say = (text: string) => console.error(text);

const readings = await tell(() => (backend === 'node' ? probeHere() : probeInChromium(backend)));
console.log(
  table([
    ['block', 'shape', 'max abs', 'NaN', 'infinite'],
    ...readings.map(({ path, shape, maxAbs, nan, infinite }) => [
      path,
      shape.join('x'),
      maxAbs.toPrecision(4),
      nan,
      infinite,
    ]),
  ]),
);
const bad = firstBad(readings, dtype);
console.log(bad ? `\nFirst bad block: ${bad.path}` : `\nAll ${readings.length} blocks are good.`);

async function probeHere(): Promise<Reading[]> {
  const { paths } = await weightFiles(options, dtype, true, say);
  const blobs = new Map<string, Blob>();
  for (const path of paths) blobs.set(`${request.folder}/${basename(path)}`, await openAsBlob(path));
  const files = { paths: [...blobs.keys()], open: async (path: string) => blobs.get(path) as Blob };
  const weights = await openWeights(files, request.folder);
  const build = () => networkGraph(request, { dtype, locate: weights.locate, ...(islands && { islands }) });
  const open = (graph: ReturnType<typeof build>) => openNetwork({ ort, readsBlobs: false }, graph, weights.blobs);
  const found: Reading[] = [];
  for await (const reading of probe(build, open, inputsOf, values.within)) found.push(reading);
  return found;
}

async function probeInChromium(wanted: 'wasm' | 'webgpu'): Promise<Reading[]> {
  const nvidia = NvidiaMemory.start();
  nvidia?.stop();
  const gpu = options.gpu ?? (nvidia ? 'real' : 'swiftshader');
  const lab = await openLab({ name: 'network', gpu, chromium: options.chromium });
  try {
    const info = await lab.page.evaluate((asked) => networkPage.choose('it', asked), wanted);
    // wasm computes float16 by widening, which is of use to a probe and to nobody else.
    if (wanted === 'webgpu') checkBackend(info, gpu, dtype);
    const { paths } = await weightFiles(options, dtype, wanted === 'wasm', say);
    await lab.page.locator('input').setInputFiles([...paths]);
    lab.page.on('console', (message) => message.type() === 'info' && say(`  ${message.text()}`));
    return await lab.page.evaluate(([asked, within]) => networkPage.probe('it', asked, within), [
      { ...request, backend: wanted },
      values.within,
    ] as const);
  } finally {
    await lab.close();
  }
}

function islandsOf(list: string | undefined): Island[] | undefined {
  if (list === undefined) return undefined;
  if (list === 'none') return [];
  return list.split(',').map((island) => oneOf('islands', island, ['output', 'attention']));
}

/** Ends with the error's sentence alone. */
async function tell<T>(job: () => Promise<T>): Promise<T> {
  try {
    return await job();
  } catch (error) {
    return fail((error as Error).message);
  }
}
