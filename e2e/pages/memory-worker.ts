import { expose } from 'comlink';
import { type Memory, memory } from '../../src/onnx/memory';
import { VirtualBlob } from '../../src/safetensors/virtual-blob';
import { elementCount, tensor } from '../../src/tensor/tensor';
import { chooseBackend } from '../../workers/inference/backend';
import { openNetwork } from '../../workers/inference/network';
import { loadRuntime } from '../../workers/inference/runtime';
import { BufferLedger } from './buffer-ledger';
import { type NetworkChoice, networkGraph } from './network-graph';

/** Bytes of GPU buffers. */
export interface Counted {
  /** What the planner says. */
  readonly planned: Memory;
  /** Held once the session is open. */
  readonly opened: number;
  /** The most at once during a first and a second call. */
  readonly calls: readonly [number, number];
  /** Held after the session's release. */
  readonly released: number;
}

const ledger = new BufferLedger();

const api = {
  /** A network on weights that are all zero, called twice on WebGPU: planned, and counted. */
  async count(choice: NetworkChoice, maxTensorBytes: number): Promise<Counted> {
    const backend = await chooseBackend('webgpu');
    let end = 0;
    const locate = (_name: string, shape: readonly number[]) => {
      const length = elementCount(shape) * Float32Array.BYTES_PER_ELEMENT;
      end += length;
      return { location: 'zeros', offset: end - length, length };
    };
    const graph = networkGraph(choice, { dtype: 'float32', locate, maxTensorBytes });
    const zeros = new VirtualBlob(end, async (first, last) => new Uint8Array(last - first));
    const blobs = new Map([['zeros', zeros]]);
    const network = await openNetwork(await loadRuntime(), graph, blobs, await backend.device?.());
    const opened = ledger.live;
    const inputs = Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, tensor(shape)]));
    const call = async () => {
      ledger.restart();
      await network.run(inputs);
      return ledger.peak;
    };
    const calls = [await call(), await call()] as const;
    await network.release();
    return { planned: memory(graph), opened, calls, released: ledger.live };
  },
};
export type MemoryWorker = typeof api;

expose(api);
