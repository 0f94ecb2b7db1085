import { expect, test } from 'vitest';
import { layerGraph, sines } from '../../reference/layer';
import { printGraph } from '../../reference/print-graph';
import { maxError } from '../../reference/read';
import { Linear } from './linear';

test('Linear is a Gemm over rows, whatever axes lie before the last', () => {
  const { graph } = layerGraph(new Linear(3, 4), [2, 5, 3], (layer, x) => layer.call(x));
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "/layer/Reshape: Reshape(x, [10,3]) -> [10,3]
    /layer/Gemm: Gemm(/layer/Reshape, layer.weight, layer.bias) -> [10,4]
    /layer/Reshape_1: Reshape(/layer/Gemm, [2,5,4]) -> [2,5,4]
    out: Identity(/layer/Reshape_1) -> [2,5,4]"
  `);
  expect(graph.nodes[1]?.attributes).toEqual({ transB: 1 });
});

test('rows need no reshape', () => {
  const { graph } = layerGraph(new Linear(3, 4, { bias: false }), [2, 3], (layer, x) => layer.call(x));
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "/layer/Gemm: Gemm(x, layer.weight) -> [2,4]
    out: Identity(/layer/Gemm) -> [2,4]"
  `);
});

test('some features are a Gemm over some rows of the weight, where they lie', () => {
  const { graph } = layerGraph(new Linear(3, 4), [2, 3], (layer, x) => layer.features(x, 1, 2));
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "/layer/Gemm: Gemm(x, layer.weight[1:]{2,3}, layer.bias[1:]{2}) -> [2,2]
    out: Identity(/layer/Gemm) -> [2,2]"
  `);
  expect([...graph.initializers.values()].map(({ data }) => data)).toEqual([
    { location: 'layer.weight', offset: 12, length: 24 },
    { location: 'layer.bias', offset: 4, length: 8 },
  ]);
});

test.each([
  // run(nn.Linear(3, 4), sines([2, 1, 3], 10))
  [true, [2, 1, 3], [-0.799657, 1.013908, 0.8612, -2.532371, 2.904638, -1.042765, -0.766488, 1.167767]],
  // run(nn.Linear(3, 4, bias=False), sines([2, 3], 10))
  [false, [2, 3], [-1.708955, 0.586528, 1.116741, -1.714094, 1.995341, -1.470145, -0.510947, 1.986044]],
])('Linear with bias %s has the numbers of torch', async (bias, shape, expected) => {
  const { run } = layerGraph(new Linear(3, 4, { bias }), shape, (layer, x) => layer.call(x));
  const out = await run(sines(shape, 10));
  expect(out.shape).toEqual([...shape.slice(0, -1), 4]);
  expect(maxError(out.data, expected)).toBeLessThan(2e-6);
});

test('some features have the numbers of those features', async () => {
  const { run } = layerGraph(new Linear(3, 4), [2, 3], (layer, x) => layer.features(x, 1, 2));
  const { data } = await run(sines([2, 3], 10));
  // Features 1 and 2 of the first case above.
  expect(maxError(data, [1.013908, 0.8612, -1.042765, -0.766488])).toBeLessThan(2e-6);
});
