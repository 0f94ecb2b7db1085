import { expect, test } from 'vitest';
import { madeUpWeights } from '../../reference/made-up-weights';
import { cost, totalMacs } from './cost';
import { Graph } from './graph';
import { conv, gemm, multiHeadAttention, split } from './ops';

const { locate } = madeUpWeights();

test('a convolution multiplies once for every output, input channel and kernel tap', () => {
  const graph = new Graph(locate);
  const weight = graph.parameter('weight', [8, 3, 3, 3], 'float32');
  conv(graph.input('x', [2, 3, 10, 12]), weight, undefined, { padding: [1, 1, 1, 1], stride: 2 });
  expect(cost(graph).macs).toEqual({ Conv: 2 * 8 * 5 * 6 * (3 * 3 * 3) });
});

test('a matrix product multiplies rows, columns and what lies between', () => {
  const graph = new Graph(locate);
  const x = graph.input('x', [7, 5]);
  gemm(x, graph.parameter('weight', [3, 5], 'float32'), graph.parameter('bias', [3], 'float32'));
  graph.node('MatMul', [graph.input('a', [2, 4, 6]), graph.input('b', [6, 8])], { shape: [2, 4, 8], dtype: 'float32' });
  expect(cost(graph).macs).toEqual({ Gemm: 7 * 5 * 3, MatMul: 2 * 4 * 6 * 8 });
});

test('attention multiplies for scores and for values, whatever the number of heads', () => {
  const graph = new Graph(locate);
  const context = graph.input('context', [2, 9, 16]);
  multiHeadAttention(graph.input('q', [2, 4, 16]), context, context, 2);
  multiHeadAttention(graph.input('p', [2, 4, 16]), context, context, 8);
  expect(cost(graph).macs).toEqual({ MultiHeadAttention: 2 * (2 * (2 * 4 * 9 * 16)) });
  expect(totalMacs(cost(graph))).toBe(2 * (2 * (2 * 4 * 9 * 16)));
});

test('nodes are counted by operator, and the largest value in bytes of its dtype', () => {
  const graph = new Graph(locate);
  const x = graph.input('x', [6, 1000], 'float16');
  graph.output('first', split(x, [1, 2, 3], 0)[0] as typeof x);
  const { nodes, macs, largestBytes } = cost(graph);
  expect(nodes).toEqual({ Split: 1, Identity: 1 });
  expect(macs).toEqual({});
  // Inputs and weights are not the graph's to make.
  expect(largestBytes).toBe(3 * 1000 * 2);
});
