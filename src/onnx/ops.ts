import { DTYPE_BYTES } from '../tensor/dtype';
import { elementCount, type Shape } from '../tensor/tensor';
import type { Graph, Value } from './graph';

/**
 * One function an operator: values in, a value out, its shape computed at once, so that a mistake fails on the line
 * that made it. Only operators that ONNX Runtime's wasm and WebGPU backends both run correctly are here
 * (https://onnx.ai/onnx/operators; com.microsoft: onnxruntime/docs/ContribOperators.md).
 */

/** A mistake of the graph's author, not of the user: shapes that do not fit together. */
function check(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new Error(message());
}

const show = (value: Value) => `${value.name} [${value.shape}]`;

/** Elementwise sum, broadcasting as numpy does. */
export const add = (a: Value, b: Value): Value => elementwise('Add', a, b);

/** Elementwise product, broadcasting as numpy does. */
export const mul = (a: Value, b: Value): Value => elementwise('Mul', a, b);

/** Elementwise difference, broadcasting as numpy does. */
export const sub = (a: Value, b: Value): Value => elementwise('Sub', a, b);

/** 1 / (1 + e^-x) */
export const sigmoid = (x: Value): Value => x.graph.node('Sigmoid', [x], x);

/** -x */
export const neg = (x: Value): Value => x.graph.node('Neg', [x], x);

/** x * sigmoid(x): com.microsoft QuickGelu with alpha 1 is exactly SiLU, in one kernel. */
export const silu = (x: Value): Value => x.graph.node('QuickGelu', [x], x, { alpha: { float: 1 } }, 'com.microsoft');

/** x * sigmoid(1.702 x), CLIP's older activation. */
export const quickGelu = (x: Value): Value =>
  x.graph.node('QuickGelu', [x], x, { alpha: { float: 1.702 } }, 'com.microsoft');

/** x * Phi(x) with the exact (erf) Phi. */
export const gelu = (x: Value): Value => x.graph.node('Gelu', [x], x, { approximate: 'none' });

/** The same numbers in another dtype; no node where it is the same already. */
export function cast(x: Value, to: 'float32' | 'float16'): Value {
  if (x.dtype === to) return x;
  return x.graph.node('Cast', [x], { shape: x.shape, dtype: to }, { to: to === 'float32' ? 1 : 10 });
}

/** The same elements in C order under another shape. */
export function reshape(x: Value, shape: Shape): Value {
  check(elementCount(shape) === elementCount(x.shape), () => `Reshape of ${show(x)} to [${shape}]`);
  if (sameShape(x.shape, shape)) return x;
  return x.graph.node('Reshape', [x, int64s(x.graph, shape)], { shape, dtype: x.dtype });
}

/** Axes reordered: axis i of the result is axis `perm[i]` of x. */
export function transpose(x: Value, perm: readonly number[]): Value {
  const isPermutation = sameShape(
    [...perm].sort((a, b) => a - b),
    [...x.shape.keys()],
  );
  check(isPermutation, () => `Transpose of ${show(x)} by [${perm}]`);
  return x.graph.node('Transpose', [x], { shape: perm.map((axis) => at(x.shape, axis)), dtype: x.dtype }, { perm });
}

/** Joined along an axis. */
export function concat(parts: readonly Value[], axis: number): Value {
  const [first] = parts;
  check(first !== undefined, () => 'Concat of nothing');
  for (const part of parts) {
    check(
      part.dtype === first.dtype && sameShape(withAxis(part.shape, axis, 0), withAxis(first.shape, axis, 0)),
      () => `Concat of ${parts.map(show).join(', ')} along axis ${axis}`,
    );
  }
  if (parts.length === 1) return first;
  const size = parts.reduce((sum, part) => sum + at(part.shape, axis), 0);
  return first.graph.node('Concat', parts, { shape: withAxis(first.shape, axis, size), dtype: first.dtype }, { axis });
}

/** Cut along an axis into parts of the given sizes. */
export function split(x: Value, sizes: readonly number[], axis: number): Value[] {
  check(sizes.reduce((sum, size) => sum + size, 0) === at(x.shape, axis), () => `Split of ${show(x)} into [${sizes}]`);
  if (sizes.length === 1) return [x];
  const outputs = sizes.map((size) => ({ shape: withAxis(x.shape, axis, size), dtype: x.dtype }));
  return x.graph.multiNode('Split', [x, int64s(x.graph, sizes)], outputs, { axis });
}

/** The elements `start` to `start + count - 1` along an axis. */
export function slice(x: Value, axis: number, start: number, count: number): Value {
  const end = start + count;
  check(start >= 0 && count > 0 && end <= at(x.shape, axis), () => `Slice of ${show(x)} from ${start} to ${end}`);
  if (count === at(x.shape, axis)) return x;
  const bounds = [[start], [end], [axis]].map((values) => int64s(x.graph, values));
  return x.graph.node('Slice', [x, ...bounds], { shape: withAxis(x.shape, axis, count), dtype: x.dtype });
}

/** x * w^T + b. x [rows, in]; weight [out, in] as PyTorch stores it; bias [out] */
export function gemm(x: Value, weight: Value, bias?: Value): Value {
  check(x.shape.length === 2 && x.shape[1] === weight.shape[1], () => `Gemm of ${show(x)} with ${show(weight)}`);
  checkBias('Gemm', weight, bias);
  const shape = [at(x.shape, 0), at(weight.shape, 0)];
  return x.graph.node('Gemm', bias ? [x, weight, bias] : [x, weight], { shape, dtype: x.dtype }, { transB: 1 });
}

export interface ConvOptions {
  /** Default 1. */
  readonly stride?: number;
  /** Zeros added: [top, left, bottom, right]. Default none. */
  readonly padding?: readonly [number, number, number, number];
}

/** 2-D convolution. x [batch, in, height, width]; weight [out, in, kernel height, kernel width]; bias [out] */
export function conv(
  x: Value,
  weight: Value,
  bias?: Value,
  { stride = 1, padding = [0, 0, 0, 0] }: ConvOptions = {},
): Value {
  const [out, channels, kh, kw] = weight.shape as [number, number, number, number];
  check(x.shape.length === 4 && x.shape[1] === channels, () => `Conv of ${show(x)} with ${show(weight)}`);
  const [top, left, bottom, right] = padding;
  const height = Math.floor((at(x.shape, 2) + top + bottom - kh) / stride) + 1;
  const width = Math.floor((at(x.shape, 3) + left + right - kw) / stride) + 1;
  check(height > 0 && width > 0, () => `Conv of ${show(x)} with the larger ${show(weight)}`);
  checkBias('Conv', weight, bias);
  return x.graph.node(
    'Conv',
    bias ? [x, weight, bias] : [x, weight],
    { shape: [at(x.shape, 0), out, height, width], dtype: x.dtype },
    { kernel_shape: [kh, kw], strides: [stride, stride], pads: padding },
  );
}

/** (x - mean) / sqrt(variance + eps) over all but the first two axes. x [batch, channels, ...] */
export function instanceNormalization(x: Value, epsilon: number): Value {
  const channels = at(x.shape, 1);
  const ones = x.graph.constant(
    `ones{${channels}}.${x.dtype}`,
    new Float32Array(channels).fill(1),
    [channels],
    x.dtype,
  );
  const zeros = x.graph.constant(`zeros{${channels}}.${x.dtype}`, new Float32Array(channels), [channels], x.dtype);
  return x.graph.node('InstanceNormalization', [x, ones, zeros], x, { epsilon: { float: epsilon } });
}

/** Over the last axis. weight, bias [channels] */
export function layerNormalization(x: Value, weight: Value, bias: Value, epsilon: number): Value {
  check(x.shape.at(-1) === weight.shape[0], () => `LayerNormalization of ${show(x)} with ${show(weight)}`);
  checkBias('LayerNormalization', weight, bias);
  return x.graph.node('LayerNormalization', [x, weight, bias], x, { axis: -1, epsilon: { float: epsilon } });
}

/**
 * softmax(q k^T / sqrt(head size)) v, each head on its own group of neighbouring channels.
 * q [batch, tokens, channels]; k, v [batch, context tokens, channels]; result as q
 */
export function multiHeadAttention(q: Value, k: Value, v: Value, heads: number): Value {
  check(
    at(q.shape, 2) % heads === 0 &&
      sameShape(k.shape, v.shape) &&
      sameShape(withAxis(q.shape, 1, at(k.shape, 1)), k.shape),
    () => `Attention of ${show(q)}, ${show(k)}, ${show(v)}, ${heads} heads`,
  );
  return q.graph.node('MultiHeadAttention', [q, k, v], q, { num_heads: heads }, 'com.microsoft');
}

/** Nearest-neighbour resize to an exact size, source index floor(i * in / out). x [batch, channels, height, width] */
export function resizeNearest(x: Value, height: number, width: number): Value {
  const shape = [at(x.shape, 0), at(x.shape, 1), height, width];
  return x.graph.node(
    'Resize',
    [x, undefined, undefined, int64s(x.graph, shape)],
    { shape, dtype: x.dtype },
    {
      mode: 'nearest',
      nearest_mode: 'floor',
      coordinate_transformation_mode: 'asymmetric',
    },
  );
}

function elementwise(opType: string, a: Value, b: Value): Value {
  check(a.dtype === b.dtype, () => `${opType} of ${a.dtype} ${show(a)} and ${b.dtype} ${show(b)}`);
  return a.graph.node(opType, [a, b], { shape: broadcast(a, b), dtype: a.dtype });
}

function broadcast(a: Value, b: Value): Shape {
  const rank = Math.max(a.shape.length, b.shape.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a.shape[i - rank + a.shape.length] ?? 1;
    const y = b.shape[i - rank + b.shape.length] ?? 1;
    check(x === y || x === 1 || y === 1, () => `Shapes do not broadcast: ${show(a)} and ${show(b)}`);
    return Math.max(x, y);
  });
}

function checkBias(opType: string, weight: Value, bias: Value | undefined) {
  check(
    !bias || sameShape(bias.shape, weight.shape.slice(0, 1)),
    () => `${opType} of ${show(weight)} and ${bias && show(bias)}`,
  );
}

function int64s(graph: Graph, values: readonly number[]): Value {
  return graph.constant(`[${values}]`, values, [values.length], 'int64');
}

function at(shape: readonly number[], axis: number): number {
  const size = shape[axis];
  check(size !== undefined, () => `[${shape}] has no axis ${axis}`);
  return size;
}

const withAxis = (shape: Shape, axis: number, size: number): Shape => shape.map((old, i) => (i === axis ? size : old));

const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((size, i) => size === b[i]);

/** Bytes of a value. */
export const byteLength = (value: Value): number => elementCount(value.shape) * DTYPE_BYTES[value.dtype];
