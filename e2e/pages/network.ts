import { proxy } from 'comlink';
import type { Reading } from '../../reference/probe';
import { WorkerHandle } from '../../src/clients/worker-handle';
import type { Tensor } from '../../src/tensor/tensor';
import type { BackendInfo } from '../../workers/inference/api';
import type { ModelFilesApi, TransferProgress } from '../../workers/model-files/api';
import type { Files, NetworkRequest, NetworkWorker, Opened } from './network-worker';

/**
 * Single networks, each in a worker of its own, on the files of the page's input: a real File each, read from disk as the
 * product reads it. `name` tells the networks apart.
 */
interface Entry {
  readonly worker: WorkerHandle<NetworkWorker>;
  output?: Tensor;
}
const entries = new Map<string, Entry>();

function entryOf(name: string): Entry {
  let entry = entries.get(name);
  if (!entry) {
    const start = () => new Worker(new URL('./network-worker.ts', import.meta.url), { type: 'module', name });
    entry = { worker: new WorkerHandle<NetworkWorker>(start) };
    entries.set(name, entry);
  }
  return entry;
}

const chosen = () => [...(document.querySelector('input')?.files ?? [])];

/** Files of a model that was imported. */
let kept: Files | undefined;

/** Those, else what the input holds. */
const filesOf = ({ folder }: NetworkRequest): Files =>
  kept ?? new Map(chosen().map((file) => [`${folder}/${file.name}`, file]));

/**
 * Copies the files that the input holds into the browser's storage, as the product does it, and opens them there.
 *
 * @param paths in the layout of diffusers, in the order of the input's files
 */
async function importModel(paths: readonly string[], texts: Readonly<Record<string, string>>) {
  const start = () =>
    new Worker(new URL('../../workers/model-files/index.ts', import.meta.url), { type: 'module', name: 'model-files' });
  const worker = new WorkerHandle<ModelFilesApi>(start);
  const files = chosen().map((source, i) => ({ path: paths[i] as string, source }));
  const request = { id: 'full-size', title: 'Random weights', files, texts };
  let told = performance.now();
  const onProgress = proxy(({ doing, path, doneBytes, totalBytes }: TransferProgress) => {
    if (performance.now() - told < 5000) return;
    told = performance.now();
    console.info(`${doing} ${path}: ${(doneBytes / 1e9).toFixed(2)} of ${(totalBytes / 1e9).toFixed(2)} GB`);
  });
  try {
    const { state } = await worker.call((api) => api.import(request, onProgress));
    if (state !== 'verified') throw new Error(`The model is ${state} after its import.`);
    kept = await worker.call((api) => api.open(request.id, onProgress));
    return { bytes: [...kept.values()].reduce((sum, { size }) => sum + size, 0) };
  } finally {
    worker.end(new Error('The import is over.'));
  }
}

/** What the worker would run on; see chooseBackend. */
const choose = (name: string, wanted: BackendInfo['backend']): Promise<BackendInfo> =>
  entryOf(name).worker.call((api) => api.choose(wanted));

/** Opens the network on the files that the input holds. */
function open(name: string, request: NetworkRequest): Promise<Opened> {
  const files = filesOf(request);
  const onRead = proxy((bytes: number) => console.info(`${(bytes / 1e9).toFixed(2)} GB read`));
  return entryOf(name).worker.call((api) => api.open(files, request, onRead));
}

/** One call; the output stays here, its summary is returned. */
async function run(name: string) {
  const entry = entryOf(name);
  const { output, seconds, heapBytes } = await entry.worker.call((api) => api.run());
  entry.output = output;
  let notFinite = 0;
  let maxAbs = 0;
  for (const value of output.data) {
    if (Number.isFinite(value)) maxAbs = Math.max(maxAbs, Math.abs(value));
    else notFinite++;
  }
  return { seconds, heapBytes, shape: output.shape, elements: output.data.length, notFinite, maxAbs };
}

/** What the network's blocks return, told one by one on the console, and all of it. */
async function probe(name: string, request: NetworkRequest, within?: string): Promise<Reading[]> {
  const files = filesOf(request);
  const readings: Reading[] = [];
  const onReading = proxy((reading: Reading) => {
    readings.push(reading);
    console.info(reading.path);
  });
  await entryOf(name).worker.call((api) => api.probe(files, request, within, onReading));
  return readings;
}

/** Largest difference of two networks' last outputs, over the largest value. */
function difference(a: string, b: string): number {
  const [x, y] = [a, b].map((name) => entryOf(name).output?.data as Float32Array) as [Float32Array, Float32Array];
  let worst = 0;
  let largest = 0;
  x.forEach((value, i) => {
    worst = Math.max(worst, Math.abs(value - (y[i] as number)));
    largest = Math.max(largest, Math.abs(value));
  });
  return worst / largest;
}

/** Ends the worker and all it holds. */
function close(name: string): void {
  entryOf(name).worker.end(new Error('The network was closed.'));
  entries.delete(name);
}

const networkPageApi = { importModel, choose, open, run, probe, difference, close };
declare global {
  var networkPage: typeof networkPageApi;
}
globalThis.networkPage = networkPageApi;
