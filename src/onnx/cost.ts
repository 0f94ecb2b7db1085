import { elementCount, type Shape } from '../tensor/tensor';
import type { Graph } from './graph';
import { byteLength } from './ops';

/** What one run of a graph takes, read from its shapes alone. */
export interface Cost {
  /**
   * Multiply-accumulates by operator, of the operators that do nearly all of them: Conv, Gemm, MatMul, MultiHeadAttention.
   * Twice as many floating-point operations.
   */
  readonly macs: Readonly<Record<string, number>>;
  /** How many nodes there are of each operator. */
  readonly nodes: Readonly<Record<string, number>>;
  /** Bytes of the largest value that any node makes. What an operator needs inside itself is not known here. */
  readonly largestBytes: number;
}

/** The part of a Graph that the count needs. */
export type CountedGraph = Pick<Graph, 'nodes' | 'values' | 'initializers' | 'inputs'>;

export function cost(graph: CountedGraph): Cost {
  const shapes = new Map<string, Shape>([
    ...[...graph.initializers].map(([name, { shape }]) => [name, shape] as const),
    ...graph.inputs.map(({ name, shape }) => [name, shape] as const),
    ...[...graph.values].map(([name, { shape }]) => [name, shape] as const),
  ]);
  const macs: Record<string, number> = {};
  const nodes: Record<string, number> = {};
  for (const { opType, inputs, outputs } of graph.nodes) {
    nodes[opType] = (nodes[opType] ?? 0) + 1;
    const count = MACS[opType];
    if (!count) continue;
    const [output, ...operands] = [...outputs.slice(0, 1), ...inputs].map((name) => shapes.get(name) ?? []);
    macs[opType] = (macs[opType] ?? 0) + count(output as Shape, operands as [Shape, Shape]);
  }
  // One value at a time: spreading them all into Math.max passes the limit on arguments in large graphs.
  const largestBytes = [...graph.values.values()].reduce((largest, value) => Math.max(largest, byteLength(value)), 0);
  return { macs, nodes, largestBytes };
}

/** All multiply-accumulates of a run. */
export const totalMacs = ({ macs }: Cost): number => Object.values(macs).reduce((sum, count) => sum + count, 0);

/** Every element of the output is a sum of so many products. */
const MACS: Readonly<Record<string, (output: Shape, operands: readonly [Shape, Shape]) => number>> = {
  Conv: (output, [, weight]) => elementCount(output) * elementCount(weight.slice(1)),
  Gemm: (output, [x]) => elementCount(output) * (x[1] as number),
  MatMul: (output, [a]) => elementCount(output) * (a.at(-1) as number),
  // Each token meets each token of the context twice: for its score and for its share of v.
  MultiHeadAttention: (output, [, k]) => 2 * elementCount(output) * (k[1] as number),
};
