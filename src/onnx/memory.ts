import { DTYPE_BYTES } from '../tensor/dtype';
import { bytesOf, type ExecutedGraph, type Execution, type Extent, execution, type Step } from './execution';

/** What one session of a graph takes of a GPU's memory, in bytes. */
export interface Memory {
  /** Weights and constants, from open to release. */
  readonly weightsBytes: number;
  /** Buffers of inputs, activations and outputs. ONNX Runtime keeps them for the next run. */
  readonly activationsBytes: number;
  /** What operators need inside themselves on top, as attention does for copies of its keys and values. */
  readonly scratchBytes: number;
  /** All of it at the worst moment. */
  readonly peakBytes: number;
}

/** ONNX Runtime hands programs to the GPU by so many; what became free since then can be used again only after that. */
const DISPATCHES_A_BATCH = 16;

/**
 * Peak memory of a session on WebGPU with `storageBufferCacheMode: 'simple'`, by the lifetime of every tensor in ONNX Runtime's
 * own order of execution.
 */
export function memory(graph: ExecutedGraph): Memory {
  const weightsBytes = [...graph.initializers.values()].reduce((sum, each) => sum + bytesOf(each), 0);
  const run = execution(graph);
  const buffers = plannedBuffers(run, graph);
  const all = pooled(run.steps, buffers, true);
  const activationsBytes = pooled(run.steps, buffers, false);
  // Results are copied once more on their way to the CPU.
  const download = graph.outputs.reduce((sum, each) => sum + bytesOf(each), 0);
  return {
    weightsBytes,
    activationsBytes: activationsBytes + download,
    scratchBytes: all - activationsBytes,
    peakBytes: weightsBytes + all + download,
  };
}

/** A buffer and the steps between which it is held. */
interface Held {
  readonly bytes: number;
  readonly first: number;
  last: number;
  /** Readers yet to come. */
  uses: number;
}

/**
 * ONNX Runtime's own plan: a dead buffer is kept for the next tensor of the very same dimensions, however much later that comes.
 */
function plannedBuffers({ steps, extents }: Execution, { inputs, outputs }: ExecutedGraph): Held[] {
  const uses = new Map<string, number>();
  for (const { inputs } of steps) for (const name of inputs) uses.set(name, (uses.get(name) ?? 0) + 1);
  // The caller holds what it fed, and takes what it asked for.
  for (const { name } of [...inputs, ...outputs]) uses.set(name, Number.POSITIVE_INFINITY);
  const free = new Map<string, Held[]>();
  const keys = new Map<Held, string>();
  const bufferOf = new Map<string, Held>();
  const buffers: Held[] = [];
  const make = (name: string, first: number) => {
    const extent = extents.get(name) as Extent;
    const key = `${DTYPE_BYTES[extent.dtype]}[${extent.shape}]`;
    let buffer = free.get(key)?.pop();
    if (!buffer) {
      buffer = { bytes: 16 * Math.ceil(bytesOf(extent) / 16), first, last: steps.length - 1, uses: 0 };
      keys.set(buffer, key);
      buffers.push(buffer);
    }
    bufferOf.set(name, buffer);
    buffer.uses += uses.get(name) ?? 0;
    return buffer;
  };
  const drop = (buffer: Held, step: number) => {
    buffer.last = step;
    const key = keys.get(buffer) as string;
    const others = free.get(key);
    if (others) others.push(buffer);
    else free.set(key, [buffer]);
  };
  for (const { name } of inputs) make(name, 0);
  steps.forEach((step, i) => {
    const [source] = step.inputs;
    for (const name of step.outputs) {
      if (!step.alias) {
        const buffer = make(name, i);
        if (buffer.uses === 0) drop(buffer, i);
        continue;
      }
      const buffer = bufferOf.get(source as string) as Held;
      buffer.uses += uses.get(name) ?? 0;
      bufferOf.set(name, buffer);
    }
    for (const name of step.inputs) {
      const buffer = bufferOf.get(name) as Held;
      if (--buffer.uses === 0) drop(buffer, i);
    }
  });
  return buffers;
}

/** Bytes of all GPU buffers that a run makes: freed ones are used again for the same size, once their batch is on its way. */
function pooled(steps: readonly Step[], buffers: readonly Held[], withScratch: boolean): number {
  const starts = byStep(steps.length, buffers, ({ first }) => first);
  const ends = byStep(steps.length, buffers, ({ last }) => last);
  const free = new Map<number, number>();
  let waiting: number[] = [];
  let made = 0;
  let dispatches = 0;
  const take = (bytes: number) => {
    const left = free.get(bytes) ?? 0;
    if (left > 0) free.set(bytes, left - 1);
    else made += bytes;
  };
  steps.forEach((step, i) => {
    const scratch = withScratch ? step.scratch : [];
    for (const { bytes } of starts[i] ?? []) take(bytes);
    for (const bytes of scratch) take(bytes);
    dispatches += step.dispatches;
    if (dispatches >= DISPATCHES_A_BATCH) {
      dispatches -= DISPATCHES_A_BATCH;
      for (const bytes of waiting) free.set(bytes, (free.get(bytes) ?? 0) + 1);
      waiting = [];
    }
    waiting.push(...scratch, ...(ends[i] ?? []).map(({ bytes }) => bytes));
  });
  return made;
}

function byStep(count: number, buffers: readonly Held[], at: (buffer: Held) => number): Held[][] {
  const lists: Held[][] = Array.from({ length: count }, () => []);
  for (const buffer of buffers) lists[at(buffer)]?.push(buffer);
  return lists;
}
