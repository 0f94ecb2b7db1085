import fc from 'fast-check';
import { expect, test } from 'vitest';
import { madeUpWeights } from '../../reference/made-up-weights';
import { printGraph } from '../../reference/print-graph';
import { Graph, rowChunks } from './graph';
import { add, mul, split } from './ops';

const newGraph = (options?: { maxTensorBytes: number }) => new Graph(madeUpWeights().locate, options);

test('nodes are named after their module, and no two alike', () => {
  const graph = newGraph();
  const x = graph.input('x', [2]);
  graph.scope('down_blocks.0.resnets.1', () => {
    const y = graph.scope('down_blocks.0.resnets.1.conv1', () => add(x, x));
    mul(add(y, y), add(y, x));
  });
  graph.output('out', add(x, x));
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "/down_blocks.0/resnets.1/conv1/Add: Add(x, x) -> [2]
    /down_blocks.0/resnets.1/Add: Add(/down_blocks.0/resnets.1/conv1/Add, /down_blocks.0/resnets.1/conv1/Add) -> [2]
    /down_blocks.0/resnets.1/Add_1: Add(/down_blocks.0/resnets.1/conv1/Add, x) -> [2]
    /down_blocks.0/resnets.1/Mul: Mul(/down_blocks.0/resnets.1/Add, /down_blocks.0/resnets.1/Add_1) -> [2]
    /Add: Add(x, x) -> [2]
    out: Identity(/Add) -> [2]"
  `);
  expect(new Set(graph.nodes.map(({ name }) => name)).size).toBe(graph.nodes.length);
});

test('a scope remembers what its module returned, and ends when building fails', () => {
  const graph = newGraph();
  const x = graph.input('x', [2]);
  const y = graph.scope('time_embedding', () => add(x, x));
  const [first] = graph.scope('down_blocks.0', () => [add(x, y), [x, y]] as const);
  expect(graph.scopes.get('time_embedding')).toBe(y);
  expect(graph.scopes.get('down_blocks.0')).toBe(first);
  expect(() =>
    graph.scope('broken', () => {
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(add(x, x).name).toBe('/Add_output_0');
});

test('a parameter lies where the weights say, and a part of it further on', () => {
  const graph = new Graph(() => ({ location: 'unet', offset: 1000, length: 96 }));
  const whole = graph.parameter('proj.weight', [8, 3], 'float32');
  const rows = graph.parameter('proj.weight', [8, 3], 'float32', { row: 5, shape: [3, 3] });
  const cube = graph.parameter('proj.weight', [8, 3], 'float32', { shape: [2, 4, 3] });
  expect([whole, rows, cube].map(({ name, shape }) => [name, shape, graph.initializers.get(name)?.data])).toEqual([
    ['proj.weight', [8, 3], { location: 'unet', offset: 1000, length: 96 }],
    ['proj.weight[5:]{3,3}', [3, 3], { location: 'unet', offset: 1060, length: 36 }],
    ['proj.weight[0:]{2,4,3}', [2, 4, 3], { location: 'unet', offset: 1000, length: 96 }],
  ]);
});

test('a part that is not inside its parameter is refused', () => {
  expect(() => newGraph().parameter('proj.weight', [8, 3], 'float32', { row: 6, shape: [3, 3] })).toThrow(
    'Row 6 in the shape [3,3] is not inside proj.weight [8,3].',
  );
});

test('rows are cut so that no part passes the limit', () => {
  const graph = newGraph({ maxTensorBytes: 1000 });
  expect(rowChunks(graph, 'float32', [10, 5, 10])).toEqual([5, 5]);
  expect(rowChunks(graph, 'float16', [10, 5, 10])).toEqual([10]);
  expect(rowChunks(graph, 'float32', [7, 50])).toEqual([5, 2]);
  // A row above the limit stays whole.
  expect(rowChunks(graph, 'float32', [3, 1000])).toEqual([1, 1, 1]);
});

test('parts make up the whole, are equal but for a smaller last one, and fit wherever a row fits', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 500 }), (rows, columns) => {
      const limit = 2000;
      const sizes = rowChunks(newGraph({ maxTensorBytes: limit }), 'float32', [rows, columns]);
      expect(sizes.reduce((a, b) => a + b, 0)).toBe(rows);
      const [first, last] = [sizes[0] as number, sizes.at(-1) as number];
      expect(sizes.slice(0, -1).every((size) => size === first)).toBe(true);
      expect(last).toBeGreaterThan(0);
      expect(last).toBeLessThanOrEqual(first);
      if (4 * columns <= limit) expect(first * 4 * columns).toBeLessThanOrEqual(limit);
    }),
  );
});

test('several outputs of a node are told apart', () => {
  const graph = newGraph();
  const [a, b] = split(graph.input('x', [5]), [2, 3], 0);
  expect([a?.name, a?.shape, b?.name, b?.shape]).toEqual(['/Split_output_0', [2], '/Split_output_1', [3]]);
});
