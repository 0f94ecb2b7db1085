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

/**
 * The graph's nodes, less those of constants alone. Convolutions want channels last: ONNX Runtime transposes before and after
 * them, and lets some operators work channels last too where that saves a transposition.
 */
function placed({ nodes, initializers, outputs }: ExecutedGraph, extents: Map<string, Extent>): Placed[] {
  const constants = new Set(initializers.keys());
  const layouts = new Layouts(nodes.length, extents);
  nodes.forEach((node, index) => {
    const inputs = node.inputs.filter((name) => name && !constants.has(name));
    if (inputs.length === 0) {
      for (const name of node.outputs) constants.add(name);
    } else if (node.opType === 'Conv') {
      const [x, ...rest] = inputs as [string];
      const scratch = [bytesOf(initializers.get(node.inputs[1] as string) as Extent)];
      const read = [layouts.last(x), ...rest.map((name) => layouts.first(name))];
      layouts.add({
        ...plain(
          read,
          node.outputs.map((name) => layouts.twin(name)),
        ),
        dispatches: 2,
        scratch,
      });
    } else if (EITHER_LAYOUT.has(node.opType) && inputs.every((name) => layouts.isLast(name))) {
      layouts.add(
        plain(
          inputs.map((name) => layouts.last(name)),
          node.outputs.map((name) => layouts.twin(name)),
        ),
      );
    } else {
      const read = inputs.map((name) => layouts.first(name));
      layouts.add(
        { ...plain(read, node.outputs), ...inside(node.opType, node.inputs, node.attributes, extents) },
        index,
      );
    }
  });
  for (const { name } of outputs) layouts.first(name);
  return layouts.steps;
}

/** Operators that ONNX Runtime moves a transposition behind. */
const EITHER_LAYOUT = new Set(['Add', 'Mul', 'Concat', 'Slice', 'Split', 'Cast']);

/** Which values lie channels last, [batch, ..., channels], and which have been transposed. */
class Layouts {
  readonly steps: Placed[] = [];
  readonly #twins = new Map<string, string>();
  readonly #first = new Set<string>();

  constructor(
    private readonly nodes: number,
    private readonly extents: Map<string, Extent>,
  ) {}

  /** @param index of the node in the graph; what ONNX Runtime adds itself comes after all of them */
  add(step: Step, index = this.nodes + this.steps.length): void {
    this.steps.push({ ...step, index });
  }

  /** Names the channels-last form of a value that has only that, so far. */
  twin(value: string): string {
    const name = `${value} NHWC`;
    const { dtype, shape } = this.extents.get(value) as Extent;
    const [batch, channels, ...size] = shape as [number, number];
    this.extents.set(name, { dtype, shape: [batch, ...size, channels] });
    this.#twins.set(value, name);
    return name;
  }

  isLast(value: string): boolean {
    return this.#twins.has(value) && !this.#first.has(value);
  }

  /** The value channels last, transposed if it is not. */
  last(value: string): string {
    const there = this.#twins.get(value);
    if (there) return there;
    this.#first.add(value);
    const name = this.twin(value);
    this.add(plain([value], [name]));
    return name;
  }

  /** The value channels first, as the graph has it, transposed if it is not. */
  first(value: string): string {
    if (this.isLast(value)) {
      this.#first.add(value);
      this.add(plain([this.#twins.get(value) as string], [value]));
    }
    return value;
  }
}

const plain = (inputs: readonly string[], outputs: readonly string[]): Step => ({
  inputs,
  outputs,
  alias: false,
  dispatches: 1,
  scratch: [],
});

/** Bytes of a value. */
export const bytesOf = ({ shape, dtype }: Extent): number => elementCount(shape) * DTYPE_BYTES[dtype];

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
