import { expose } from 'comlink';
import { probe, type Reading } from '../../reference/probe';
import { type CheckpointFiles, type Component, openWeights } from '../../src/checkpoints/checkpoint';
import type { GraphOptions } from '../../src/models/graphs';
import type { Island } from '../../src/models/islands';
import { type Cost, cost } from '../../src/onnx/cost';
import type { Graph } from '../../src/onnx/graph';
import type { Weights } from '../../src/safetensors/weights';
import type { Tensor } from '../../src/tensor/tensor';
import type { BackendInfo } from '../../workers/inference/api';
import { type Backend, chooseBackend } from '../../workers/inference/backend';
import { openNetwork, type SessionNetwork } from '../../workers/inference/network';
import { loadRuntime } from '../../workers/inference/runtime';
import { inputsOf, type NetworkChoice, networkGraph } from './network-graph';

/** Files by their paths in the layout of diffusers. */
export type Files = ReadonlyMap<string, Blob>;

/** One network on weights from the user's own files: what network.ts asks its worker for. */
export interface NetworkRequest extends NetworkChoice {
  readonly backend: BackendInfo['backend'];
  readonly dtype: BackendInfo['dtype'];
  /** Of the checkpoint, that the files come from. */
  readonly folder: Component;
  /** See GraphOptions. */
  readonly islands?: readonly Island[];
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

  async open(files: Files, request: NetworkRequest, onRead: (bytes: number) => void): Promise<Opened> {
    backend ??= await chooseBackend(request.backend);
    const runtime = await loadRuntime();
    const start = performance.now();
    const weights = await openWeights(folderOf(files), request.folder);
    const graph = networkGraph(request, optionsOf(request, weights));
    let readBytes = 0;
    let told = start;
    network = await openNetwork(runtime, graph, weights.blobs, await backend.device?.(), (bytes) => {
      readBytes += bytes;
      if (performance.now() - told < 5000) return;
      told = performance.now();
      onRead(readBytes);
    });
    inputs = inputsOf(graph);
    const seconds = (performance.now() - start) / 1000;
    return { seconds, readBytes, cost: cost(graph), heapBytes: heapBytes() };
  },

  async run(): Promise<Ran> {
    const start = performance.now();
    const output = await network.run(inputs);
    return { seconds: (performance.now() - start) / 1000, output, heapBytes: heapBytes() };
  },

  /** Opens sessions of its own; see reference/probe.ts. */
  async probe(
    files: Files,
    request: NetworkRequest,
    within: string | undefined,
    onReading: (reading: Reading) => void,
  ): Promise<void> {
    backend ??= await chooseBackend(request.backend);
    const runtime = await loadRuntime();
    const weights = await openWeights(folderOf(files), request.folder);
    const build = () => networkGraph(request, optionsOf(request, weights));
    const open = async (graph: Graph) => openNetwork(runtime, graph, weights.blobs, await backend.device?.());
    for await (const reading of probe(build, open, inputsOf, within)) onReading(reading);
  },
};
export type NetworkWorker = typeof api;

const optionsOf = ({ dtype, islands }: NetworkRequest, { locate }: Weights): GraphOptions => ({
  dtype,
  locate,
  ...(islands && { islands }),
});

const folderOf = (files: Files): CheckpointFiles => ({
  paths: [...files.keys()],
  open: async (path) => files.get(path) as Blob,
});

expose(api);
