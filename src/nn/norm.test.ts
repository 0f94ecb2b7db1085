import { expect, test } from 'vitest';
import { layerGraph, sines } from '../../reference/layer';
import { printGraph } from '../../reference/print-graph';
import { maxError } from '../../reference/read';
import { tensor } from '../tensor/tensor';
import { GroupNorm, LayerNorm } from './norm';

test('LayerNorm is one LayerNormalization over the last axis', () => {
  const { graph } = layerGraph(new LayerNorm(4), [2, 4], (layer, x) => layer.call(x));
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "/layer/LayerNormalization: LayerNormalization(x, layer.weight, layer.bias) -> [2,4]
    out: Identity(/layer/LayerNormalization) -> [2,4]"
  `);
  expect(graph.nodes[0]?.attributes).toEqual({ axis: -1, epsilon: { float: 1e-5 } });
});

test('GroupNorm is an InstanceNormalization over 32 groups, then scale and shift by channel', () => {
  const { graph } = layerGraph(new GroupNorm(64, 1e-6), [2, 64, 3, 5], (layer, x) => layer.call(x));
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "/layer/Reshape: Reshape(x, [2,32,30]) -> [2,32,30]
    /layer/InstanceNormalization: InstanceNormalization(/layer/Reshape, ones{32}.float32, zeros{32}.float32) -> [2,32,30]
    /layer/Reshape_1: Reshape(/layer/InstanceNormalization, [2,64,3,5]) -> [2,64,3,5]
    /layer/Mul: Mul(/layer/Reshape_1, layer.weight[0:]{64,1,1}) -> [2,64,3,5]
    /layer/Add: Add(/layer/Mul, layer.bias[0:]{64,1,1}) -> [2,64,3,5]
    out: Identity(/layer/Add) -> [2,64,3,5]"
  `);
  expect(graph.nodes[1]?.attributes).toEqual({ epsilon: { float: 1e-6 } });
});

test('GroupNorm in time has statistics over the frames too', () => {
  const { graph } = layerGraph(new GroupNorm(32, 1e-5), [1, 32, 5, 12], (layer, x) => layer.call(x));
  expect(graph.nodes[0]?.outputs.map((name) => graph.values.get(name)?.shape)).toEqual([[1, 32, 60]]);
});

test('LayerNorm has the numbers of torch, small inputs and their epsilon among them', async () => {
  // run(nn.LayerNorm(4, eps=1e-5), 0.01 * sines([2, 4], 10))
  const expected = [0.091538, -0.180869, -0.063143, -0.764208, 1.510236, 1.120005, -0.324414, -0.872774];
  const { run } = layerGraph(new LayerNorm(4, 1e-5), [2, 4], (layer, x) => layer.call(x));
  expect(maxError((await run(scaled([2, 4], 0.01))).data, expected)).toBeLessThan(2e-6);
});

test('GroupNorm has the numbers of torch, small inputs and their epsilon among them', async () => {
  // run(nn.GroupNorm(32, 64, eps=1e-6), 0.001 * sines([2, 64, 1, 2], 10))   # the first 8 and the last 4
  const { run } = layerGraph(new GroupNorm(64, 1e-6), [2, 64, 1, 2], (layer, x) => layer.call(x));
  const { data } = await run(scaled([2, 64, 1, 2], 0.001));
  expect(
    maxError(data.slice(0, 8), [0.440394, 0.613351, 0.589345, 1.166782, -0.01022, -0.015616, -0.820433, -0.845992]),
  ).toBeLessThan(2e-6);
  expect(maxError(data.slice(-4), [0.698191, 0.868865, 1.103752, 1.512242])).toBeLessThan(2e-6);
});

test('channels that 32 groups do not divide are refused', () => {
  expect(() => new GroupNorm(48, 1e-6)).toThrow('GroupNorm: 32 groups do not divide 48 channels.');
});

const scaled = (shape: number[], factor: number) =>
  tensor(
    shape,
    sines(shape, 10).data.map((value) => factor * value),
  );
