/**
 * `npm run fullsize -- [options]`: one network of Stable Video Diffusion at its true size, called twice in a headless
 * Chromium, with what it took. Weights are random float16 numbers under the true names and in the true shapes, written to
 * one safetensors file that the page is given as a user gives it: a File, read by the product's own loading path.
 *
 *   --network unet|vae_decoder|vae_encoder|image_encoder   default unet
 *   --frames N           default 2
 *   --size WIDTHxHEIGHT  in pixels, default 64x64
 *   --dtype float16|float32   what to compute in; default float16 where the GPU has it
 *   --backend webgpu|wasm     default webgpu
 *   --gpu real|swiftshader    the machine's GPU, or Chromium's emulated one; default real where nvidia-smi answers
 *   --model DIR          a checkpoint in the layout of diffusers instead of SVD-XT with random weights
 *   --keep DIR           keeps the file of random weights here, and uses it where it is already
 *   --chromium PATH      Chromium's executable; searched for unless given
 *   --json               the figures as one JSON object
 *
 * The real thing, on a machine with a GPU: npm run fullsize -- --gpu real --frames 25 --size 1024x576 --dtype float16
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { NETWORKS } from '../e2e/pages/network-graph';
import { totalMacs } from '../src/onnx/cost';
import type { BackendInfo } from '../workers/inference/api';
import { type Gpu, type Lab, openLab } from './browser/lab';
import { NvidiaMemory } from './browser/nvidia-memory';
import { bytesText, flopsText, secondsText } from './figures';
import { chooseNetwork, FOLDER, tensorsOf, weightPaths } from './network-choice';
import { randomWeightsBytes, writeRandomWeights } from './random-weights';
import { fail } from './setup.mjs';

const WASM_HEAP = 4 * 2 ** 30;

const options = readOptions();
const figures: Record<string, unknown> = {};
await measure().catch((error: Error) => fail(error.message));
if (options.json) console.log(JSON.stringify(figures, null, 2));

async function measure() {
  const nvidia = NvidiaMemory.start();
  const gpu = options.gpu ?? (nvidia ? 'real' : 'swiftshader');
  say('Building the page and starting Chromium ...');
  const lab = await openLab({ name: 'network', gpu, chromium: options.chromium });
  lab.page.on('console', (message) => message.type() === 'info' && say(`  ${message.text()}`));
  try {
    await measureIn(lab, gpu);
    if (nvidia) {
      const [peak, before] = [nvidia.peak, nvidia.before];
      report('NVIDIA memory', `peak ${bytesText(peak)}, ${bytesText(before)} before`, { nvidia: { peak, before } });
    }
  } finally {
    nvidia?.stop();
    await lab.close();
  }
}

async function measureIn(lab: Lab, gpu: Gpu) {
  const { network, backend, model } = options;
  const info = await lab.page.evaluate((wanted) => networkPage.choose('it', wanted), backend);
  const dtype = options.dtype ?? info.dtype;
  checkBackend(info, gpu, dtype);
  const choice = chooseNetwork(network, model, options);
  report('Backend', `${info.backend} on ${info.device}, ${dtype}`, { ...info, dtype });

  const files = await weightFiles(dtype);
  await lab.page.locator('input').setInputFiles(files);

  say('Opening the session ...');
  const request = { ...choice, folder: FOLDER[network], backend, dtype };
  const { cost, ...opened } = await lab.page.evaluate((asked) => networkPage.open('it', asked), request);
  const flops = 2 * totalMacs(cost);
  const nodes = Object.values(cost.nodes).reduce((sum, count) => sum + count, 0);
  report(
    'Graph',
    `${network} of ${model ?? 'SVD-XT'}${sizeText()}: ${nodes} nodes, ` +
      `${flopsText(flops)} a call, largest tensor ${bytesText(cost.largestBytes)}`,
    { network, model: model ?? 'svd-xt', ...choice.shape, nodes, flops, largestTensorBytes: cost.largestBytes },
  );
  report(
    'Session opened in',
    `${secondsText(opened.seconds)}, ${bytesText(opened.readBytes)} given to ONNX Runtime, wasm heap ${bytesText(opened.heapBytes)}`,
    { open: opened },
  );
  await reportMemory(lab, 'memoryOpened');

  for (const name of ['First call', 'Second call']) {
    say(`${name} ...`);
    const ran = await lab.page.evaluate(() => networkPage.run('it'));
    const finite = ran.notFinite ? `${ran.notFinite} of ${ran.elements} values NOT finite` : 'all finite';
    report(
      `${name} took`,
      `${secondsText(ran.seconds)}, ${flopsText(flops / ran.seconds, 'FLOP/s')}; output [${ran.shape}] ${finite}, ` +
        `max abs ${ran.maxAbs.toPrecision(4)}; wasm heap ${bytesText(ran.heapBytes)}`,
      { [name === 'First call' ? 'first' : 'second']: ran },
    );
  }
  await reportMemory(lab, 'memory');
}

/** The image encoder has a size of its own, and both encoders see one picture. */
function sizeText(): string {
  const { network, frames, width, height } = options;
  if (network === 'image_encoder') return '';
  return `, ${network === 'vae_encoder' ? 'a picture' : `${frames} frames`} of ${width}x${height}`;
}

/** Says in a sentence what cannot work, before gigabytes are written. */
function checkBackend({ backend, device, dtype: best }: BackendInfo, gpu: Gpu, dtype: BackendInfo['dtype']) {
  if (backend === 'webgpu' && gpu === 'real' && /swiftshader|llvmpipe|lavapipe/i.test(device)) {
    throw new Error(`--gpu real: Chromium offers only ${device}, an emulated GPU. Its page chrome://gpu says why.`);
  }
  if (dtype === 'float16' && best !== 'float16') {
    throw new Error(
      backend === 'wasm'
        ? 'The wasm backend computes in float32. Leave --dtype out, or say --dtype float32.'
        : `The GPU (${device}) has no shader-f16, so a float16 graph cannot run on it. Use --dtype float32, or another GPU.`,
    );
  }
}

/** Paths of the network's weights: those of --model, or random ones made now. */
async function weightFiles(dtype: BackendInfo['dtype']): Promise<string[]> {
  const folder = FOLDER[options.network];
  if (options.model) return weightPaths(folder, options.model);
  const list = tensorsOf(folder);
  const bytes = randomWeightsBytes(list);
  const inMemory = dtype === 'float32' ? 2 * bytes : bytes;
  if (options.backend === 'wasm' && inMemory > WASM_HEAP) {
    throw new Error(
      `The wasm backend holds weights in its heap: these take ${bytesText(inMemory)} in ${dtype}, and a heap has 4 GiB at most. ` +
        'Use --backend webgpu, or another --network.',
    );
  }
  const path = join(options.keep ?? temporaryFolder(), `${folder}.random.safetensors`);
  if (existsSync(path) && statSync(path).size === bytes) {
    report('Weights', `${bytesText(bytes)} of random float16 in ${list.length} tensors, kept from before`, {
      weightBytes: bytes,
    });
    return [path];
  }
  say(`Writing ${bytesText(bytes)} of random weights ...`);
  const start = performance.now();
  await writeRandomWeights(path, list);
  const writeSeconds = (performance.now() - start) / 1000;
  report(
    'Weights',
    `${bytesText(bytes)} of random float16 in ${list.length} tensors, written in ${secondsText(writeSeconds)}`,
    {
      weightBytes: bytes,
      writeSeconds,
    },
  );
  return [path];
}

/** Deleted when this program ends, however it ends. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stillmotion-fullsize-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function reportMemory(lab: Lab, key: string) {
  const held = await lab.memory.read();
  const texts = [...held].map(([type, { now, peak }]) => `${type} ${bytesText(peak)} (now ${bytesText(now)})`);
  report('  peak memory so far', texts.join(', ') || 'not known on this system', { [key]: Object.fromEntries(held) });
}

function report(title: string, text: string, values: Record<string, unknown>) {
  Object.assign(figures, values);
  if (!options.json) console.log(`${title.padEnd(22)}${text}`);
}

/** What goes on; not part of the result. */
function say(text: string) {
  console.error(text);
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      network: { type: 'string', default: 'unet' },
      frames: { type: 'string', default: '2' },
      size: { type: 'string', default: '64x64' },
      dtype: { type: 'string' },
      backend: { type: 'string', default: 'webgpu' },
      gpu: { type: 'string' },
      model: { type: 'string' },
      keep: { type: 'string' },
      chromium: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const [, width, height] = /^(\d+)x(\d+)$/.exec(values.size) ?? fail('--size is WIDTHxHEIGHT, such as 1024x576.');
  const frames = Number(values.frames);
  if (!(Number.isInteger(frames) && frames > 0)) fail('--frames is a whole number from 1 on.');
  if (values.keep) mkdirSync(values.keep, { recursive: true });
  return {
    network: oneOf('network', values.network, NETWORKS),
    frames,
    width: Number(width),
    height: Number(height),
    dtype: values.dtype === undefined ? undefined : oneOf('dtype', values.dtype, ['float16', 'float32']),
    backend: oneOf('backend', values.backend, ['webgpu', 'wasm']),
    gpu: values.gpu === undefined ? undefined : oneOf('gpu', values.gpu, ['real', 'swiftshader']),
    model: values.model,
    keep: values.keep,
    chromium: values.chromium,
    json: values.json,
  };
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  return allowed.find((each) => each === value) ?? fail(`--${option} is one of ${allowed.join(', ')}, not "${value}".`);
}
