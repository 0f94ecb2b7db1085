import { expect, test } from 'vitest';
import { maxError } from '../../reference/read';
import { runGraph } from '../../reference/run-graph';
import { elementCount, type Shape, type Tensor, tensor } from '../tensor/tensor';
import { Graph, type Value } from './graph';
import {
  add,
  type ConvOptions,
  cast,
  concat,
  conv,
  gelu,
  gemm,
  instanceNormalization,
  layerNormalization,
  mul,
  multiHeadAttention,
  neg,
  quickGelu,
  reshape,
  resizeNearest,
  sigmoid,
  silu,
  split,
  sub,
  transpose,
} from './ops';

/** Every operator as a model of its own in ONNX Runtime, against a few plain lines here or numbers of PyTorch. */

const LIMIT = 2e-6;

/** Runs what `build` makes of the inputs. */
async function run(inputs: readonly Tensor[], build: (...values: Value[]) => Value): Promise<Tensor> {
  const graph = new Graph(noWeights);
  const values = inputs.map(({ shape }, i) => graph.input(`input${i}`, shape));
  const value = build(...values);
  graph.output('out', value);
  const feeds = Object.fromEntries(inputs.map((input, i) => [`input${i}`, input]));
  const { out } = await runGraph<'out'>(graph, new Map(), feeds);
  // The runtime finds the same shape as the operator foretold.
  expect(out.shape).toEqual(value.shape);
  return out;
}

/** Numbers between -2 and 2 in no order, the same each time. */
function numbers(shape: Shape, seed = 0): Tensor {
  return tensor(
    shape,
    Float32Array.from({ length: elementCount(shape) }, (_, i) => 2 * Math.sin(12.9898 * (i + 1) + 78.233 * seed)),
  );
}

/** A tensor by its elements: `value` gives the one at an index. */
function filled(shape: Shape, value: (...index: number[]) => number): Tensor {
  const out = tensor(shape);
  for (let i = 0; i < out.data.length; i++) out.data[i] = value(...indexOf(shape, i));
  return out;
}

function indexOf(shape: Shape, position: number): number[] {
  let rest = position;
  const index = shape.map(() => 0);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = rest % (shape[axis] as number);
    rest = Math.floor(rest / (shape[axis] as number));
  }
  return index;
}

/** An element, 0 outside the tensor. */
function element({ shape, data }: Tensor, ...index: number[]): number {
  if (index.some((i, axis) => i < 0 || i >= (shape[axis] as number))) return 0;
  return data[index.reduce((position, i, axis) => position * (shape[axis] as number) + i, 0)] as number;
}

const sum = (count: number, term: (i: number) => number) =>
  Array.from({ length: count }, (_, i) => term(i)).reduce((a, b) => a + b, 0);

function expectSame(actual: Tensor, expected: Tensor, limit = LIMIT) {
  expect(actual.shape).toEqual(expected.shape);
  expect(maxError(actual.data, expected.data)).toBeLessThan(limit);
}

const noWeights = (name: string) => {
  throw new Error(`No weights here, not even ${name}.`);
};

// import torch, torch.nn.functional as F
// x = torch.tensor([-4., -1.5, -0.5, 0., 0.25, 1., 3.])
// F.gelu(x), F.silu(x), x * torch.sigmoid(1.702 * x), torch.sigmoid(x)   # torch 2.13.0
const X = [-4, -1.5, -0.5, 0, 0.25, 1, 3];
test.each([
  ['gelu', gelu, [-0.00012648, -0.10021086, -0.15426877, 0, 0.14967658, 0.84134471, 2.99594975]],
  ['silu', silu, [-0.07194484, -0.27363828, -0.18877034, 0, 0.14054413, 0.7310586, 2.85772252]],
  ['quickGelu', quickGelu, [-0.00441472, -0.1083378, -0.14961156, 0, 0.15119965, 0.84579575, 2.98192883]],
  ['sigmoid', sigmoid, [0.01798621, 0.18242553, 0.37754068, 0.5, 0.56217653, 0.7310586, 0.95257413]],
  ['neg', neg, [4, 1.5, 0.5, 0, -0.25, -1, -3]],
] as const)('%s works on each element as in PyTorch', async (_, op, expected) => {
  expectSame(await run([tensor([7], Float32Array.from(X))], op), tensor([7], Float32Array.from(expected)));
});

test.each([
  ['add', add, (a: number, b: number) => a + b],
  ['mul', mul, (a: number, b: number) => a * b],
  ['sub', sub, (a: number, b: number) => a - b],
] as const)('%s broadcasts as numpy does', async (_, op, plain) => {
  const [a, b] = [numbers([2, 1, 4]), numbers([3, 1], 1)];
  const expected = filled([2, 3, 4], (i, j, k) => plain(element(a, i, 0, k), element(b, j, 0)));
  expectSame(await run([a, b], op), expected);
});

test('cast rounds to float16 and widens again', async () => {
  const x = tensor([5], Float32Array.of(1.0001, 2049, -65504, 1e-8, 1 / 3));
  const half = await run([x], (value) => cast(cast(value, 'float16'), 'float32'));
  expect([...half.data]).toEqual([1, 2048, -65504, 0, 0.333251953125]);
});

test('cast to the same dtype is no node', () => {
  const x = new Graph(noWeights).input('x', [2]);
  expect(cast(x, 'float32')).toBe(x);
});

test('reshape keeps the elements in C order', async () => {
  const x = numbers([2, 3, 4]);
  expectSame(await run([x], (value) => reshape(value, [4, 6])), tensor([4, 6], x.data));
});

test('transpose moves axes', async () => {
  const x = numbers([2, 3, 4]);
  const expected = filled([4, 2, 3], (k, i, j) => element(x, i, j, k));
  expectSame(await run([x], (value) => transpose(value, [2, 0, 1])), expected);
});

test('concat joins along an axis', async () => {
  const [a, b, c] = [numbers([2, 1, 2]), numbers([2, 3, 2], 1), numbers([2, 2, 2], 2)] as const;
  const expected = filled([2, 6, 2], (i, j, k) =>
    j < 1 ? element(a, i, j, k) : j < 4 ? element(b, i, j - 1, k) : element(c, i, j - 4, k),
  );
  expectSame(await run([a, b, c], (...values) => concat(values, 1)), expected);
});

test('split cuts along an axis', async () => {
  const x = numbers([2, 6]);
  const part = (from: number, size: number) => filled([2, size], (i, j) => element(x, i, from + j));
  expectSame(await run([x], (value) => split(value, [1, 3, 2], 1)[0] as Value), part(0, 1));
  expectSame(await run([x], (value) => split(value, [1, 3, 2], 1)[1] as Value), part(1, 3));
  expectSame(await run([x], (value) => split(value, [1, 3, 2], 1)[2] as Value), part(4, 2));
});

test('gemm takes the weight as PyTorch stores it', async () => {
  const [x, weight, bias] = [numbers([4, 5]), numbers([3, 5], 1), numbers([3], 2)] as const;
  const product = (i: number, j: number) => sum(5, (k) => element(x, i, k) * element(weight, j, k));
  expectSame(
    await run([x, weight, bias], (a, b, c) => gemm(a, b, c)),
    filled([4, 3], (i, j) => product(i, j) + element(bias, j)),
  );
  expectSame(await run([x, weight], (a, b) => gemm(a, b)), filled([4, 3], product));
});

test.each([
  ['plain', {}, [5, 4]],
  ['padded on all sides', { padding: [1, 1, 1, 1] }, [7, 6]],
  ['strided, padded at the bottom and right', { padding: [0, 0, 1, 1], stride: 2 }, [3, 3]],
] as const)('conv, %s', async (_, options, [height, width]) => {
  const { padding: [top, left] = [0, 0, 0, 0], stride = 1 }: ConvOptions = options;
  const [x, weight, bias] = [numbers([2, 3, 7, 6]), numbers([4, 3, 3, 3], 1), numbers([4], 2)] as const;
  const tap = (n: number, o: number, y: number, z: number, k: number) => {
    const [c, i, j] = indexOf([3, 3, 3], k) as [number, number, number];
    return element(x, n, c, y * stride + i - top, z * stride + j - left) * element(weight, o, c, i, j);
  };
  const expected = filled([2, 4, height, width], (n, o, y, z) => element(bias, o) + sum(27, (k) => tap(n, o, y, z, k)));
  const actual = await run([x, weight, bias], (a, b, c) => conv(a, b, c, options));
  expectSame(actual, expected, 2e-5);
});

test('conv of kernel (3, 1) mixes rows and leaves columns alone', async () => {
  const [x, weight] = [numbers([1, 2, 5, 3]), numbers([2, 2, 3, 1], 1)] as const;
  const expected = filled([1, 2, 5, 3], (_n, o, y, z) =>
    sum(6, (k) => {
      const [c, i] = [Math.floor(k / 3), k % 3];
      return element(x, 0, c, y + i - 1, z) * element(weight, o, c, i, 0);
    }),
  );
  const actual = await run([x, weight], (a, b) => conv(a, b, undefined, { padding: [1, 0, 1, 0] }));
  expectSame(actual, expected);
});

test('instanceNormalization has mean 0 and variance 1 over all but batch and channels', async () => {
  const x = numbers([2, 3, 8]);
  const expected = filled([2, 3, 8], (n, c, i) => normalized((k) => element(x, n, c, k), 8, i, 0.1));
  expectSame(await run([x], (value) => instanceNormalization(value, 0.1)), expected);
});

test('layerNormalization works over the last axis, then scales and shifts', async () => {
  const [x, weight, bias] = [numbers([2, 3, 8]), numbers([8], 1), numbers([8], 2)] as const;
  const expected = filled([2, 3, 8], (n, m, i) => {
    const norm = normalized((k) => element(x, n, m, k), 8, i, 0.1);
    return norm * element(weight, i) + element(bias, i);
  });
  const actual = await run([x, weight, bias], (a, b, c) => layerNormalization(a, b, c, 0.1));
  expectSame(actual, expected);
});

/** Element i of `count`, less their mean, over the root of their biased variance plus eps. */
function normalized(value: (k: number) => number, count: number, i: number, eps: number): number {
  const mean = sum(count, value) / count;
  const variance = sum(count, (k) => (value(k) - mean) ** 2) / count;
  return (value(i) - mean) / Math.sqrt(variance + eps);
}

test.each([[1], [2]])('multiHeadAttention with %i heads of neighbouring channels', async (heads) => {
  const [q, k, v] = [numbers([2, 4, 6]), numbers([2, 5, 6], 1), numbers([2, 5, 6], 2)] as const;
  const size = 6 / heads;
  const expected = filled([2, 4, 6], (n, token, channel) => {
    const first = Math.floor(channel / size) * size;
    const score = (s: number) =>
      sum(size, (c) => element(q, n, token, first + c) * element(k, n, s, first + c)) / Math.sqrt(size);
    const weights = Array.from({ length: 5 }, (_, s) => Math.exp(score(s)));
    return sum(5, (s) => (weights[s] as number) * element(v, n, s, channel)) / sum(5, (s) => weights[s] as number);
  });
  const actual = await run([q, k, v], (a, b, c) => multiHeadAttention(a, b, c, heads));
  expectSame(actual, expected);
});

test.each([
  [6, 8],
  [5, 3],
  [2, 9],
])('resizeNearest to %i x %i takes the element at floor(i * in / out)', async (height, width) => {
  const x = numbers([1, 2, 3, 4]);
  const expected = filled([1, 2, height, width], (n, c, i, j) =>
    element(x, n, c, Math.floor((i * 3) / height), Math.floor((j * 4) / width)),
  );
  expectSame(await run([x], (value) => resizeNearest(value, height, width)), expected);
});

const graph = new Graph(noWeights);
const a = graph.input('a', [2, 3, 4]);
const rows = graph.input('rows', [4, 5]);
const image = graph.input('image', [1, 3, 4, 4]);
const half = graph.input('half', [2, 3, 4], 'float16');
const of = (...shape: number[]) => graph.input('w', shape);

test.each([
  [() => add(a, of(2, 2)), 'Shapes do not broadcast: a [2,3,4] and w [2,2]'],
  [() => mul(a, half), 'Mul of float32 a [2,3,4] and float16 half [2,3,4]'],
  [() => reshape(a, [5, 5]), 'Reshape of a [2,3,4] to [5,5]'],
  [() => transpose(a, [0, 1]), 'Transpose of a [2,3,4] by [0,1]'],
  [() => transpose(a, [0, 1, 1]), 'Transpose of a [2,3,4] by [0,1,1]'],
  [() => concat([], 0), 'Concat of nothing'],
  [() => concat([a, of(2, 3, 5)], 1), 'Concat of a [2,3,4], w [2,3,5] along axis 1'],
  [() => concat([a, half], 1), 'Concat of a [2,3,4], half [2,3,4] along axis 1'],
  [() => concat([a, a], 3), '[2,3,4] has no axis 3'],
  [() => split(a, [1, 1], 2), 'Split of a [2,3,4] into [1,1]'],
  [() => split(a, [2], 5), '[2,3,4] has no axis 5'],
  [() => gemm(a, of(8, 4)), 'Gemm of a [2,3,4] with w [8,4]'],
  [() => gemm(rows, of(8, 4)), 'Gemm of rows [4,5] with w [8,4]'],
  [() => gemm(rows, of(8, 5), of(5)), 'Gemm of w [8,5] and w [5]'],
  [() => conv(image, of(8, 4, 3, 3)), 'Conv of image [1,3,4,4] with w [8,4,3,3]'],
  [() => conv(image, of(8, 3, 5, 5)), 'Conv of image [1,3,4,4] with the larger w [8,3,5,5]'],
  [() => conv(image, of(8, 3, 3, 3), of(3)), 'Conv of w [8,3,3,3] and w [3]'],
  [() => layerNormalization(a, of(3), of(3), 1e-5), 'LayerNormalization of a [2,3,4] with w [3]'],
  [() => layerNormalization(a, of(4), of(3), 1e-5), 'LayerNormalization of w [4] and w [3]'],
  [() => multiHeadAttention(a, a, a, 3), 'Attention of a [2,3,4], a [2,3,4], a [2,3,4], 3 heads'],
  [() => multiHeadAttention(a, of(1, 3, 4), of(1, 3, 4), 2), 'Attention of a [2,3,4], w [1,3,4], w [1,3,4], 2 heads'],
  [() => resizeNearest(rows.graph.input('v', []), 2, 2), '[] has no axis 0'],
])('shapes that do not fit are refused where they meet: %#', (build, message) => {
  expect(build).toThrow(message);
});
