import { expose } from 'comlink';
import { type CheckpointFiles, type Component, openWeights } from '../../src/models/checkpoint';
import { timesteps } from '../../src/models/embeddings';
import { type Cost, cost } from '../../src/onnx/cost';
import { Generator } from '../../src/random/generator';
import { type Tensor, tensor } from '../../src/tensor/tensor';
import type { BackendInfo } from '../../workers/inference/api';
import { type Backend, chooseBackend } from '../../workers/inference/backend';
import { openNetwork, type SessionNetwork } from '../../workers/inference/network';
import { loadRuntime } from '../../workers/inference/runtime';
import { type NetworkChoice, networkGraph } from './network-graph';

/** One network on weights from the user's own files: what network.ts asks its worker for. */
export interface NetworkRequest extends NetworkChoice {
  readonly backend: BackendInfo['backend'];
  readonly dtype: BackendInfo['dtype'];
  /** Of the checkpoint, that the files come from. */
  readonly folder: Component;
}

export interface Opened {
  readonly seconds: number;
  /** Given to ONNX Runtime, in the dtype it wanted. */
  readonly readBytes: number;
  readonly cost: Cost;
  /** Bytes of the wasm heap, which never shrinks. */
  readonly heapBytes: number;
}

export interface Ran {
  readonly seconds: number;
  readonly output: Tensor;
  readonly heapBytes: number;
}

const heaps: WebAssembly.Memory[] = [];
// ONNX Runtime keeps its memory to itself; it must be caught where it is made.
WebAssembly.Memory = new Proxy(WebAssembly.Memory, {
  construct(target, args: ConstructorParameters<typeof WebAssembly.Memory>) {
    const memory = new target(...args);
    heaps.push(memory);
    return memory;
  },
});
const heapBytes = () => heaps.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);

let backend: Backend;
let network: SessionNetwork;
let inputs: Record<string, Tensor>;

const api = {
  async choose(wanted: BackendInfo['backend']): Promise<BackendInfo> {
    backend = await chooseBackend(wanted);
    return backend.info;
  },

  async open(files: File[], request: NetworkRequest, onRead: (bytes: number) => void): Promise<Opened> {
    backend ??= await chooseBackend(request.backend);
    const runtime = await loadRuntime();
    const start = performance.now();
    const weights = await openWeights(folderOf(files, request.folder), request.folder);
    const graph = networkGraph(request, { dtype: request.dtype, locate: weights.locate });
    let readBytes = 0;
    let told = start;
    network = await openNetwork(runtime, graph, weights.blobs, await backend.device?.(), (bytes) => {
      readBytes += bytes;
      if (performance.now() - told < 5000) return;
      told = performance.now();
      onRead(readBytes);
    });
    inputs = Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, someInput(name, shape)]));
    const seconds = (performance.now() - start) / 1000;
    return { seconds, readBytes, cost: cost(graph), heapBytes: heapBytes() };
  },

  async run(): Promise<Ran> {
    const start = performance.now();
    const output = await network.run(inputs);
    return { seconds: (performance.now() - start) / 1000, output, heapBytes: heapBytes() };
  },
};
export type NetworkWorker = typeof api;

/** Files that the user chose, as a model folder with nothing else in it. */
function folderOf(files: readonly File[], folder: Component): CheckpointFiles {
  const byPath = new Map(files.map((file) => [`${folder}/${file.name}`, file]));
  return { paths: [...byPath.keys()], open: async (path) => byPath.get(path) as File };
}

/** Conditions of a clip's first step at sigma 700; all else normal numbers. */
function someInput(name: string, shape: readonly number[]): Tensor {
  if (name === 'time_proj') return timesteps([0.25 * Math.log(700)], shape[1] as number);
  if (name === 'add_time_proj') return tensor(shape, timesteps([6, 127, 0.02], (shape[1] as number) / 3).data);
  return new Generator(1).randn(shape);
}

expose(api);
