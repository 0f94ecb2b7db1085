import { type Cost, cost, totalMacs } from '../../src/onnx/cost';
import { Graph, type Value } from '../../src/onnx/graph';
import { cast, conv, gemm, multiHeadAttention, reshape, resizeNearest, split, transpose } from '../../src/onnx/ops';
import type { Network } from '../../src/pipelines/stable-video-diffusion';
import { Generator } from '../../src/random/generator';
import { elementCount, type Shape, type Tensor, tensor } from '../../src/tensor/tensor';

/**
 * How fast a backend is at what SVD's networks spend their time on. Sizes are those of the UNet's first level; a slow
 * machine sees smaller ones.
 */

/** Floating-point operations a second. */
export type Flops = Readonly<Record<'conv' | 'gemm' | 'attention', number>>;

/** Channels of the UNet's first level, and its heads. */
const CHANNELS = 320;
const HEADS = 5;

/** In latents; the last is a frame of 1024x576. `repeats` one after another, so that starting a run weighs nothing. */
const SIZES = [
  { height: 4, width: 4, repeats: 1 },
  { height: 16, width: 16, repeats: 1 },
  { height: 36, width: 64, repeats: 1 },
  { height: 72, width: 128, repeats: 2 },
  { height: 72, width: 128, repeats: 12 },
] as const;
type Size = (typeof SIZES)[number];

const MS_PER_OPERATOR = 1000;

/**
 * Each operator at growing sizes, until the next would take longer than a second; the largest one seen counts. Of every
 * size the first run is not timed: it compiles shaders.
 *
 * @param open makes a session of a graph without weight files
 */
export async function benchmark(
  dtype: 'float32' | 'float16',
  open: (graph: Graph) => Promise<Network<Readonly<Record<string, Tensor>>>>,
): Promise<Flops> {
  const speeds: Record<keyof Flops, number> = { conv: 0, gemm: 0, attention: 0 };
  for (const operator of ['conv', 'gemm', 'attention'] as const) {
    // Among sixteen tokens attention is all overhead.
    const sizes = operator === 'attention' ? SIZES.slice(1) : SIZES;
    speeds[operator] = await speedOf(sizes, (size) => operatorGraph(operator, size, dtype), open);
  }
  return speeds;
}

async function speedOf(
  sizes: readonly Size[],
  build: (size: Size) => Graph,
  open: Parameters<typeof benchmark>[1],
): Promise<number> {
  const end = performance.now() + MS_PER_OPERATOR;
  const inputs = { x: tensor([1, CHANNELS, 1, 1], new Generator(0).randn([CHANNELS]).data) };
  let speed = 0;
  for (const size of sizes) {
    const graph = build(size);
    const flops = flopsOf(cost(graph));
    if (speed && performance.now() + (2 * 1000 * flops) / speed > end) break;
    const network = await open(graph);
    try {
      await network.run(inputs);
      const start = performance.now();
      await network.run(inputs);
      // A clock of a page may stand still for a tenth of a millisecond.
      speed = (1000 * flops) / Math.max(0.1, performance.now() - start);
    } finally {
      await network.release();
    }
  }
  return speed;
}

const flopsOf = (counted: Cost) => 2 * totalMacs(counted);

/** x [1, CHANNELS, 1, 1] -> out, of which only a channel comes back: moving numbers is not what is measured. */
function operatorGraph(operator: keyof Flops, size: Size, dtype: 'float32' | 'float16'): Graph {
  const graph = new Graph(() => {
    throw new Error('This graph has no weight files.');
  });
  const { height, width, repeats } = size;
  let x = resizeNearest(cast(graph.input('x', [1, CHANNELS, 1, 1]), dtype), height, width);
  if (operator !== 'conv') x = transpose(reshape(x, [1, CHANNELS, height * width]), [0, 2, 1]);
  for (let i = 0; i < repeats; i++) x = LAYERS[operator](x);
  const axis = operator === 'conv' ? 1 : 2;
  const [first] = split(x, [1, CHANNELS - 1], axis) as [Value, Value];
  graph.output('out', cast(first, 'float32'));
  return graph;
}

const LAYERS: Readonly<Record<keyof Flops, (x: Value) => Value>> = {
  conv: (x) => conv(x, weight(x, [CHANNELS, CHANNELS, 3, 3]), undefined, { padding: [1, 1, 1, 1] }),
  // A feed-forward without its gate.
  gemm: (x) => {
    const rows = reshape(x, [x.shape[1] as number, CHANNELS]);
    const inner = gemm(rows, weight(x, [4 * CHANNELS, CHANNELS]));
    return reshape(gemm(inner, weight(x, [CHANNELS, 4 * CHANNELS])), x.shape);
  },
  attention: (x) => multiHeadAttention(x, x, x, HEADS),
};

/** Random, and so large that numbers neither grow nor vanish along a chain: tiny ones are slow on some CPUs. */
function weight(x: Value, shape: Shape): Value {
  const scale = Math.sqrt(1 / elementCount(shape.slice(1)));
  const data = new Generator(1).randn(shape).data.map((value) => scale * value);
  return x.graph.constant(`weight{${shape}}`, data, shape, x.dtype);
}
