import { DTYPE_BYTES } from '../tensor/dtype';
import { elementCount } from '../tensor/tensor';
import type { Graph } from './graph';
import { byteLength } from './ops';

/** What one session of a graph takes of a GPU's memory, in bytes. */
export interface Memory {
  /** Weights and constants, from open to release. */
  readonly weightsBytes: number;
  /** The most that activations take at once. */
  readonly activationsBytes: number;
  /** All of it at the worst moment. */
  readonly peakBytes: number;
}

/** Peak memory of a session of the graph, by the lifetime of every tensor. */
export function memory(graph: Graph): Memory {
  const weightsBytes = [...graph.initializers.values()].reduce(
    (sum, { shape, dtype }) => sum + elementCount(shape) * DTYPE_BYTES[dtype],
    0,
  );
  const activationsBytes = peakOfActivations(graph);
  return { weightsBytes, activationsBytes, peakBytes: weightsBytes + activationsBytes };
}

function peakOfActivations({ nodes, inputs, values }: Graph): number {
  const uses = new Map<string, number>();
  for (const node of nodes) for (const name of node.inputs) uses.set(name, (uses.get(name) ?? 0) + 1);
  const sizes = new Map([...inputs, ...values.values()].map((value) => [value.name, byteLength(value)]));
  let live = inputs.reduce((sum, value) => sum + byteLength(value), 0);
  let peak = live;
  for (const node of nodes) {
    for (const name of node.outputs) live += sizes.get(name) ?? 0;
    peak = Math.max(peak, live);
    for (const name of node.inputs) {
      const left = (uses.get(name) ?? 0) - 1;
      uses.set(name, left);
      if (left === 0) live -= sizes.get(name) ?? 0;
    }
  }
  return peak;
}
