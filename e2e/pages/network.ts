import { proxy } from 'comlink';
import { WorkerHandle } from '../../src/clients/worker-handle';
import type { Tensor } from '../../src/tensor/tensor';
import type { BackendInfo } from '../../workers/inference/api';
import type { NetworkRequest, NetworkWorker, Opened } from './network-worker';

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

/** What the worker would run on; see chooseBackend. */
const choose = (name: string, wanted: BackendInfo['backend']): Promise<BackendInfo> =>
  entryOf(name).worker.call((api) => api.choose(wanted));

/** Opens the network on the files that the input holds. */
function open(name: string, request: NetworkRequest): Promise<Opened> {
  const files = [...(document.querySelector('input')?.files ?? [])];
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

const networkPageApi = { choose, open, run, difference, close };
declare global {
  var networkPage: typeof networkPageApi;
}
globalThis.networkPage = networkPageApi;
