import type { Graph, Value } from '../src/onnx/graph';
import { byteLength, cast } from '../src/onnx/ops';
import type { Tensor } from '../src/tensor/tensor';

/** What a block of a network returned. */
export interface Reading {
  /** The block's dotted path. */
  readonly path: string;
  readonly shape: readonly number[];
  /** Of the finite numbers. */
  readonly maxAbs: number;
  readonly nan: number;
  readonly infinite: number;
}

/** The largest number of half precision: what a float16 graph holds beyond it, a GPU would not. */
export const LARGEST_HALF = 65504;

/** Outputs of one session, in bytes: they are all in memory at once. */
const BYTES_AT_ONCE = 512 * 2 ** 20;

/** Opens sessions of graphs; those of `workers/inference/network.ts` do. */
export type Open = (graph: Graph) => Promise<{
  runAll(inputs: Readonly<Record<string, Tensor>>): Promise<ReadonlyMap<string, Tensor>>;
  release(): Promise<void>;
}>;

/**
 * Reads what the blocks of a network return, in the order in which they are computed.
 *
 * @param build the network's graph, anew for each session: outputs are added to it
 * @param inputs of the graph, from its own inputs
 * @param within a module's dotted path: all modules inside it instead of the network's blocks
 */
export async function* probe(
  build: () => Graph,
  open: Open,
  inputs: (graph: Graph) => Readonly<Record<string, Tensor>>,
  within?: string,
): AsyncGenerator<Reading> {
  const blocks = blocksOf(build(), within);
  if (blocks.length === 0) throw new Error(`The network has no module inside ${within}.`);
  for (const group of inGroups(blocks)) {
    const graph = build();
    for (const { path } of group) graph.output(outputOf(path), cast(graph.scopes.get(path) as Value, 'float32'));
    const network = await open(graph);
    try {
      const outputs = await network.runAll(inputs(graph));
      for (const { path } of group) yield read(path, outputs.get(outputOf(path)) as Tensor);
    } finally {
      await network.release();
    }
  }
}

/** The first block whose numbers are not finite, or would not be in half precision. */
export const firstBad = (readings: readonly Reading[], dtype: 'float32' | 'float16'): Reading | undefined =>
  readings.find(({ nan, infinite, maxAbs }) => nan + infinite > 0 || (dtype === 'float16' && maxAbs > LARGEST_HALF));

const outputOf = (path: string) => `probe:${path}`;

interface Block {
  readonly path: string;
  readonly bytes: number;
}

/** A block is a numbered resnet, attention, sampler or layer, or a module of the network itself. */
const BLOCK = /(^|\.)(resnets|attentions|downsamplers|upsamplers|layers)\.\d+$/;
const LAYER =
  /^((encoder|decoder)\.)?(time_)?conv_\w+$|^\w*embedding$|^quant_conv$|^vision_model\.\w+$|^visual_projection$/;

function blocksOf(graph: Graph, within: string | undefined): Block[] {
  const wanted = (path: string) =>
    within === undefined ? BLOCK.test(path) || LAYER.test(path) : path === within || path.startsWith(`${within}.`);
  const made = new Map(graph.nodes.flatMap(({ outputs }, index) => outputs.map((name) => [name, index] as const)));
  return [...graph.scopes]
    .filter(([path]) => wanted(path))
    .sort(([, a], [, b]) => (made.get(a.name) ?? 0) - (made.get(b.name) ?? 0))
    .map(([path, value]) => ({ path, bytes: byteLength(value) }));
}

function inGroups(blocks: readonly Block[]): Block[][] {
  const groups: Block[][] = [];
  let left = 0;
  for (const block of blocks) {
    if (groups.length === 0 || block.bytes > left) {
      groups.push([]);
      left = BYTES_AT_ONCE;
    }
    left -= block.bytes;
    groups.at(-1)?.push(block);
  }
  return groups;
}

function read(path: string, { shape, data }: Tensor): Reading {
  let [maxAbs, nan, infinite] = [0, 0, 0];
  for (const value of data) {
    if (Number.isFinite(value)) maxAbs = Math.max(maxAbs, Math.abs(value));
    else if (Number.isNaN(value)) nan++;
    else infinite++;
  }
  return { path, shape, maxAbs, nan, infinite };
}
