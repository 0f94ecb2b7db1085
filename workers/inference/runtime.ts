import type * as Ort from 'onnxruntime-web';
import asyncifyMjs from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url';
import asyncifyWasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import jspiMjs from 'onnxruntime-web/ort-wasm-simd-threaded.jspi.mjs?url';
import jspiWasm from 'onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?url';
import type { Runtime } from './network';

/** Beyond this, threads wait for each other more than they compute. */
const MAX_THREADS = 8;

/** wasm threads that this page may use: one without cross-origin isolation, since they share memory. */
export function threadCount(): number {
  return globalThis.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, MAX_THREADS) : 1;
}

let runtime: Promise<Runtime> | undefined;

/**
 * ONNX Runtime Web with its WebGPU and wasm backends in one: the JSPI build, or the larger Asyncify build where a browser
 * cannot suspend wasm yet. Fetched once; a failure is forgotten, so that the next call tries again.
 */
export function loadRuntime(): Promise<Runtime> {
  runtime ??= load().catch((error) => {
    runtime = undefined;
    throw error;
  });
  return runtime;
}

async function load(): Promise<Runtime> {
  const jspi = 'Suspending' in WebAssembly;
  const ort: typeof Ort = jspi ? await import('onnxruntime-web/jspi') : await import('onnxruntime-web/webgpu');
  ort.env.wasm.wasmPaths = jspi ? { mjs: jspiMjs, wasm: jspiWasm } : { mjs: asyncifyMjs, wasm: asyncifyWasm };
  ort.env.wasm.numThreads = threadCount();
  ort.env.logLevel = 'error';
  return { ort, readsBlobs: jspi };
}
