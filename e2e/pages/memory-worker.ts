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
  /** What the network gave, which must not depend on the parts it was computed in. */
  readonly output: readonly number[];
}

const ledger = new BufferLedger();

const api = {
  /** A network on made-up weights, called twice on WebGPU: planned, and counted. */
  async count(choice: NetworkChoice, maxTensorBytes: number): Promise<Counted> {
    const backend = await chooseBackend('webgpu');
    let end = 0;
    const offsets = new Map<string, number>();
    const locate = (name: string, shape: readonly number[]) => {
      const length = elementCount(shape) * Float32Array.BYTES_PER_ELEMENT;
      // Every part asks for its weights again.
      const offset = offsets.get(name) ?? end;
      offsets.set(name, offset);
      end = Math.max(end, offset + length);
      return { location: 'noise', offset, length };
    };
    const graph = networkGraph(choice, { dtype: 'float32', locate, maxTensorBytes });
    const weights = new VirtualBlob(
      end,
      async (first, last) => new Uint8Array(noise(first / 4, (last - first) / 4).buffer),
    );
    const blobs = new Map([['noise', weights]]);
    const network = await openNetwork(await loadRuntime(), graph, blobs, await backend.device?.());
    const opened = ledger.live;
    const inputs = Object.fromEntries(
      graph.inputs.map(({ name, shape }) => [name, tensor(shape, noise(0, elementCount(shape)))]),
    );
    let output: number[] = [];
    const call = async () => {
      ledger.restart();
      output = [...(await network.run(inputs)).data];
      return ledger.peak;
    };
    const calls = [await call(), await call()] as const;
    await network.release();
    return { planned: memory(graph), opened, calls, released: ledger.live, output };
  },
};
/** Numbers between -0.15 and 0.35 that follow no pattern: sums of theirs do not vanish, which would make rounding errors large. */
function noise(first: number, count: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, i) => {
    const x = Math.sin((first + i) * 12.9898 + 78.233) * 43758.5453;
    return 0.5 * (x - Math.floor(x) - 0.3);
  });
}

export type MemoryWorker = typeof api;

expose(api);
