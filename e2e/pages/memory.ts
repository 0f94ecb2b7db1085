import { WorkerHandle } from '../../src/clients/worker-handle';
import type { Counted, MemoryWorker } from './memory-worker';
import type { NetworkChoice } from './network-graph';

/** Counts a network's GPU buffers in a worker of its own, which ends with it. */
async function count(choice: NetworkChoice, maxTensorBytes: number): Promise<Counted> {
  const start = () => new Worker(new URL('./memory-worker.ts', import.meta.url), { type: 'module' });
  const worker = new WorkerHandle<MemoryWorker>(start);
  try {
    return await worker.call((api) => api.count(choice, maxTensorBytes));
  } finally {
    worker.end(new Error('Counting is done.'));
  }
}

const memoryPageApi = { count };
declare global {
  var memoryPage: typeof memoryPageApi;
}
globalThis.memoryPage = memoryPageApi;
