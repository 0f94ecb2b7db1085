import * as ort from 'onnxruntime-web';
import type { Graph } from '../src/onnx/graph';
import { modelProto } from '../src/onnx/proto';
import { type Tensor, tensor } from '../src/tensor/tensor';

/** A graph that ONNX Runtime has taken. Release it: wasm memory never shrinks, but it is used again. */
export interface OpenGraph<Output extends string> {
  /** One run: float32 tensors in by the graph's input names, float32 tensors out by its output names. */
  run(inputs: Readonly<Record<string, Tensor>>): Promise<Record<Output, Tensor>>;
  release(): Promise<void>;
}

/**
 * Opens a graph in ONNX Runtime Web's wasm backend in Node, for tests. It shares no line with `workers/inference`.
 *
 * @param weights the bytes of every external location the graph names
 */
export async function openGraph<Output extends string>(
  graph: Graph,
  weights: ReadonlyMap<string, Blob> = new Map(),
): Promise<OpenGraph<Output>> {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  const externalData = await Promise.all(
    // Without JSPI the runtime reads no Blobs.
    [...weights].map(async ([path, blob]) => ({ path, data: new Uint8Array(await blob.arrayBuffer()) })),
  );
  const session = await readable(() =>
    ort.InferenceSession.create(modelProto(graph), { externalData, logSeverityLevel: 3 }),
  );
  return {
    async run(inputs) {
      const feeds = Object.entries(inputs).map(([name, { data, shape }]) => [
        name,
        new ort.Tensor('float32', data, shape),
      ]);
      const results = await readable(() => session.run(Object.fromEntries(feeds)));
      const outputs = Object.entries(results).map(([name, { data, dims }]) => [
        name,
        tensor(dims, data as Float32Array<ArrayBuffer>),
      ]);
      return Object.fromEntries(outputs) as Record<Output, Tensor>;
    },
    release: () => session.release(),
  };
}

/** Opens a graph, runs it once and releases it. */
export async function runGraph<Output extends string>(
  graph: Graph,
  weights: ReadonlyMap<string, Blob>,
  inputs: Readonly<Record<string, Tensor>>,
): Promise<Record<Output, Tensor>> {
  const open = await openGraph<Output>(graph, weights);
  try {
    return await open.run(inputs);
  } finally {
    await open.release();
  }
}

/** The runtime's own stack runs through a minified file, of which test runners print a line: half a megabyte. */
async function readable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(error instanceof Error ? error.message : String(error));
  }
}
