import { expect, test } from 'vitest';
import { madeUpWeights } from '../../reference/made-up-weights';
import { Graph, type Value } from './graph';
import { memory } from './memory';
import { add, concat, conv, multiHeadAttention, reshape, sigmoid, slice, transpose } from './ops';

/** Bytes of activations of a graph on one input x; inputs and outputs are buffers too, and outputs are copied once more. */
function activations(shape: number[], build: (x: Value, graph: Graph) => Value): number {
  const graph = new Graph(madeUpWeights().locate);
  graph.output('y', build(graph.input('x', shape), graph));
  return memory(graph).activationsBytes;
}

const KIB = 1024;
/** A KiB of float32. */
const SHAPE = [16, 16];

test('a value lives until its last reader, and its buffer then serves the next of its shape', () => {
  // x, which is the caller's; two buffers by turns; and the copy of the result.
  const chain = (x: Value) => [1, 2, 3, 4, 5, 6].reduce((y) => sigmoid(y), x);
  expect(activations(SHAPE, chain)).toBe((1 + 2 + 1) * KIB);
});

test('a reshaped value is the same buffer', () => {
  const reshaped = (x: Value) => sigmoid(reshape(sigmoid(x), [256]));
  const plain = (x: Value) => sigmoid(sigmoid(x));
  expect(activations(SHAPE, reshaped)).toBe(activations(SHAPE, plain));
});

test('what is read again much later is held all that time', () => {
  const without = (x: Value) => [1, 2, 3, 4].reduce((y) => sigmoid(y), sigmoid(x));
  const skipped = (x: Value) => {
    const skip = sigmoid(x);
    return add(
      [1, 2, 3, 4].reduce((y) => sigmoid(y), skip),
      skip,
    );
  };
  expect(activations(SHAPE, skipped)).toBe(activations(SHAPE, without) + KIB);
});

test('a dead buffer serves another shape of as many bytes, but not before 16 programs are on their way', () => {
  const threeShapes = (between: number) => (x: Value) => {
    const first = sigmoid(sigmoid(x));
    const second = Array(between)
      .fill(0)
      .reduce((y: Value) => sigmoid(y), transpose(first, [1, 0]));
    return sigmoid(transpose(reshape(second, [64, 4]), [1, 0]));
  };
  // x and the copy of the result, and two buffers of each shape.
  expect(activations([8, 32], threeShapes(1))).toBe((2 + 6) * KIB);
  expect(activations([8, 32], threeShapes(20))).toBe((2 + 4) * KIB);
});

test('parts one after the other take the memory of one, beside their results', () => {
  const inParts = (count: number) => (x: Value) =>
    concat(
      Array.from({ length: count }, (_, i) => {
        const part = sigmoid(slice(x, 0, (i * 64) / count, 64 / count));
        return add(sigmoid(sigmoid(part)), part);
      }),
      0,
    );
  const bytes = 64 * 64 * 4;
  // x, three buffers and the copy of the result; then x, the parts' results, those joined, their copy, and a part's two others.
  expect(activations([64, 64], inParts(1))).toBe(5 * bytes);
  expect(activations([64, 64], inParts(16))).toBe((4 + 2 / 16) * bytes);
});

test('a convolution adds transposed copies of its input and output, and one of its kernel as scratch', () => {
  const graph = new Graph(madeUpWeights().locate);
  const x = graph.input('x', [1, 8, 8, 8]);
  graph.output('y', conv(x, graph.parameter('w', [16, 8, 1, 1], 'float32')));
  const [input, output, kernel] = [8 * 8 * 8 * 4, 16 * 8 * 8 * 4, 16 * 8 * 4];
  expect(memory(graph)).toEqual({
    weightsBytes: kernel,
    activationsBytes: 2 * input + 3 * output,
    scratchBytes: kernel,
    peakBytes: 2 * kernel + 2 * input + 3 * output,
  });
});

test.each([
  ['many queries of narrow heads', 64, 2, 2 * 64 * 64 * 4],
  // 16 queries and one tile of the context: two numbers and a head of results each.
  ['few queries', 16, 2, 2 * 64 * 64 * 4 + 2 * (16 * 1) * (2 + 32) * 4],
])('attention copies keys and values, and more for %s', (_, queries, heads, scratch) => {
  const graph = new Graph(madeUpWeights().locate);
  const context = graph.input('context', [1, 64, 64]);
  graph.output('y', multiHeadAttention(graph.input('q', [1, queries, 64]), context, context, heads));
  expect(memory(graph).scratchBytes).toBe(scratch);
});
