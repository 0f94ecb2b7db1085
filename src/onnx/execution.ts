import { DTYPE_BYTES, type DType } from '../tensor/dtype';
import { elementCount, type Shape } from '../tensor/tensor';
import type { Graph } from './graph';

/**
 * How ONNX Runtime's WebGPU backend runs a graph, as far as memory is concerned (onnxruntime 1.30: graph_viewer.cc, layout
 * transformation, webgpu/nn/conv.cc, webgpu/bert/flash_attention.cc; compared with a ledger of real buffers).
 */

/** One node, in the order of execution. */
export interface Step {
  /** Names of the values it reads, but for constants. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Whether the output is the first input under another shape, with no copy made. */
  readonly alias: boolean;
  /** GPU programs that it starts. */
  readonly dispatches: number;
  /** Bytes of each buffer that it needs inside itself. */
  readonly scratch: readonly number[];
}

/** Dtype and dimensions of a value, which decide what buffer will do for it. */
export interface Extent {
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface Execution {
  readonly steps: readonly Step[];
  /** Of every value that a step makes or the caller feeds. */
  readonly extents: ReadonlyMap<string, Extent>;
}

/** The part of a Graph that memory depends on. */
export type ExecutedGraph = Pick<Graph, 'nodes' | 'values' | 'initializers' | 'inputs' | 'outputs'>;

interface Placed extends Step {
  /** Of two inputs of a node, ONNX Runtime computes the one first whose node came later into its graph. */
  readonly index: number;
}

/** The steps of a run, in order. */
export function execution(graph: ExecutedGraph): Execution {
  const extents = new Map<string, Extent>([...graph.inputs, ...graph.values.values()].map((each) => [each.name, each]));
  return { steps: inOrder(placed(graph, extents), graph.outputs), extents };
}

/** The graph's nodes, less those of constants alone, and with convolutions between transpositions: they want channels last. */
function placed({ nodes, initializers }: ExecutedGraph, extents: Map<string, Extent>): Placed[] {
  const constants = new Set(initializers.keys());
  const channelsLast = new Map<string, string>();
  const out: Placed[] = [];
  const last = (value: string): string => {
    const there = channelsLast.get(value);
    if (there) return there;
    const name = `${value} NHWC of ${out.length}`;
    const { dtype, shape } = extents.get(value) as Extent;
    const [batch, channels, ...size] = shape as [number, number];
    extents.set(name, { dtype, shape: [batch, ...size, channels] });
    out.push({ ...plain([value], [name]), index: nodes.length + out.length });
    return name;
  };
  nodes.forEach((node, index) => {
    const inputs = node.inputs.filter((name) => name && !constants.has(name));
    if (inputs.length === 0) {
      for (const name of node.outputs) constants.add(name);
      return;
    }
    if (node.opType !== 'Conv') {
      out.push({
        ...plain(inputs, node.outputs),
        ...inside(node.opType, node.inputs, node.attributes, extents),
        index,
      });
      return;
    }
    const [x, ...rest] = inputs as [string];
    const [y] = node.outputs as [string];
    const [batch, channels, ...size] = (extents.get(y) as Extent).shape as [number, number];
    const input = last(x);
    const name = `${y} NHWC`;
    extents.set(name, { dtype: (extents.get(y) as Extent).dtype, shape: [batch, ...size, channels] });
    out.push({ ...plain([input, ...rest], [name]), index: nodes.length + out.length });
    out.push({ ...plain([name], [y]), index: nodes.length + out.length });
    channelsLast.set(y, name);
  });
  return out;
}

const plain = (inputs: readonly string[], outputs: readonly string[]): Step => ({
  inputs,
  outputs,
  alias: false,
  dispatches: 1,
  scratch: [],
});

/** What is special about an operator. */
function inside(
  opType: string,
  inputs: readonly string[],
  attributes: Graph['nodes'][number]['attributes'],
  extents: ReadonlyMap<string, Extent>,
): Partial<Step> {
  if (opType === 'Reshape' || opType === 'Identity') return { alias: true, dispatches: 0 };
  if (opType === 'InstanceNormalization') return { dispatches: 2 };
  if (opType === 'MultiHeadAttention') {
    const [q, k] = inputs.map((name) => extents.get(name)) as [Extent, Extent];
    return attention(q, k, attributes.num_heads as number);
  }
  return {};
}

/** Keys and values are copied; few queries or a wide head make partial results for every 64 of the context's tokens. */
function attention(q: Extent, k: Extent, heads: number): Partial<Step> {
  const [batch, queries, channels] = q.shape as [number, number, number];
  const bytes = DTYPE_BYTES[q.dtype];
  const copies = [elementCount(k.shape) * bytes, elementCount(k.shape) * bytes];
  const headSize = channels / heads;
  if (queries >= 32 && headSize <= 256) return { dispatches: 2, scratch: copies };
  const tiles = batch * heads * queries * Math.ceil((k.shape[1] as number) / 64) * bytes;
  return { dispatches: 3, scratch: [...copies, 2 * tiles, headSize * tiles] };
}

/** Depth first from the outputs, as ONNX Runtime sorts its nodes; what no output needs is left out. */
function inOrder(nodes: readonly Placed[], outputs: ExecutedGraph['outputs']): Step[] {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const seen = new Set<Placed>();
  const steps: Step[] = [];
  const stack: (readonly [Placed, boolean])[] = outputs.map(({ name }) => [makers.get(name) as Placed, false]);
  for (let top = stack.pop(); top; top = stack.pop()) {
    const [node, left] = top;
    if (left) steps.push(node);
    else if (!seen.has(node)) {
      seen.add(node);
      stack.push([node, true]);
      const before = node.inputs.map((name) => makers.get(name)).filter((each) => each !== undefined);
      for (const each of before.sort((a, b) => a.index - b.index)) if (!seen.has(each)) stack.push([each, false]);
    }
  }
  return steps;
}
