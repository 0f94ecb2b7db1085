import { openAsBlob, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { CheckpointFiles } from '../../src/checkpoints/checkpoint';
import { openNetwork } from '../../workers/inference/network';
import type { Bench, Check } from './check';
import { inChromium } from './chromium';
import { passes, verify } from './verify';

/**
 * npm run verify -- DIR [--backend wasm|webgpu] [--gpu real|swiftshader] [--json]
 *
 * Compares the shipped code, stage by stage, with the reference data in DIR (layout: reference/README.md; parts may be
 * missing). One line a check: stage, case, max error / max value (or the error itself, marked abs), limit, verdict. Exits
 * with 1 if any fails, or if DIR holds nothing to check.
 *
 *   --backend wasm    all stages, in Node, on ONNX Runtime's wasm backend (default)
 *   --backend webgpu  the networks, in Chromium on WebGPU
 *   --gpu             this machine's GPU, or Chromium's emulated one (default)
 *   --json            one JSON array instead of lines
 */

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    backend: { type: 'string', default: 'wasm' },
    gpu: { type: 'string', default: 'swiftshader' },
    json: { type: 'boolean', default: false },
  },
});

const [dir] = positionals;
const { backend, gpu } = values;
if (!dir || positionals.length > 1 || !/^(wasm|webgpu)$/.test(backend) || !(gpu === 'real' || gpu === 'swiftshader')) {
  console.error('Usage: npm run verify -- DIR [--backend wasm|webgpu] [--gpu real|swiftshader] [--json]');
  process.exit(2);
}
if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) {
  console.error(`There is no folder ${dir}.`);
  process.exit(2);
}

const files = folderFiles(resolve(dir));
const checks =
  backend === 'webgpu' ? inChromium(resolve(dir), files.paths, gpu) : verify({ files, open: await inNode() });
const done: Check[] = [];
for await (const check of checks) {
  done.push(check);
  if (!values.json) console.log(line(check));
}
const judged = done.map((check) => ({ ...check, pass: passes(check) }));
const failed = judged.filter(({ pass }) => !pass).length;
console.log(values.json ? JSON.stringify(judged, null, 2) : `${done.length - failed} passed, ${failed} failed`);
if (!done.length) console.error(`${dir} holds nothing to check: no rng/, scheduler/, stages/ or pipeline/ was found.`);
process.exit(failed || !done.length ? 1 : 0);

function line(check: Check): string {
  const error = `${check.error.toExponential(1)}${check.absolute ? ' abs' : ''}`;
  return `${check.stage.padEnd(11)} ${check.case.padEnd(58)} ${error.padStart(12)}  limit ${check.limit.toExponential(1)}  ${passes(check) ? 'pass' : 'FAIL'}`;
}

/** Every file below a folder. */
function folderFiles(folder: string): CheckpointFiles {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => statSync(join(folder, path)).isFile());
  return { paths, open: (path) => openAsBlob(join(folder, path)) };
}

/** Opens networks on the wasm backend. */
async function inNode(): Promise<Bench['open']> {
  const ort = await import('onnxruntime-web');
  ort.env.wasm.numThreads = 2;
  ort.env.logLevel = 'error';
  return (graph, blobs) => openNetwork({ ort, readsBlobs: false }, graph, blobs);
}
