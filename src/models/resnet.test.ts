import { expect, test } from 'vitest';
import { layerGraph } from '../../reference/layer';
import { printGraph } from '../../reference/print-graph';
import { Downsample2D, ResnetBlock2D, SpatioTemporalResBlock, TemporalResnetBlock, Upsample2D } from './resnet';

test('a residual block takes the time in by the bias of its first convolution', () => {
  const block = new ResnetBlock2D({ inChannels: 32, outChannels: 64, tembChannels: 16, eps: 1e-5 });
  const { graph } = layerGraph(block, [2, 32, 3, 4], (layer, x) => layer.call(x, x.graph.input('temb', [1, 16])));
  expect(withoutNorms(printGraph(graph))).toMatchInlineSnapshot(`
    "/layer/time_emb_proj/Gemm: Gemm(temb, layer.time_emb_proj.weight, layer.time_emb_proj.bias) -> [1,64]
    /layer/Reshape: Reshape(/layer/time_emb_proj/Gemm, [64]) -> [64]
    /layer/Add: Add(/layer/Reshape, layer.conv1.bias) -> [64]
    /layer/norm1/Add: Add(/layer/norm1/Mul, layer.norm1.bias[0:]{32,1,1}) -> [2,32,3,4]
    /layer/QuickGelu: QuickGelu(/layer/norm1/Add) -> [2,32,3,4]
    /layer/conv1/Conv: Conv(/layer/QuickGelu, layer.conv1.weight, /layer/Add) -> [2,64,3,4]
    /layer/norm2/Add: Add(/layer/norm2/Mul, layer.norm2.bias[0:]{64,1,1}) -> [2,64,3,4]
    /layer/QuickGelu_1: QuickGelu(/layer/norm2/Add) -> [2,64,3,4]
    /layer/conv2/Conv: Conv(/layer/QuickGelu_1, layer.conv2.weight, layer.conv2.bias) -> [2,64,3,4]
    /layer/conv_shortcut/Conv: Conv(x, layer.conv_shortcut.weight, layer.conv_shortcut.bias) -> [2,64,3,4]
    /layer/Add_1: Add(/layer/conv_shortcut/Conv, /layer/conv2/Conv) -> [2,64,3,4]
    out: Identity(/layer/Add_1) -> [2,64,3,4]"
  `);
});

test('in time, a block returns what it adds', () => {
  const { graph } = layerGraph(new TemporalResnetBlock(32, undefined, 1e-5), [1, 32, 5, 12], (layer, x) =>
    layer.call(x),
  );
  expect(withoutNorms(printGraph(graph))).toMatchInlineSnapshot(`
    "/layer/norm1/Add: Add(/layer/norm1/Mul, layer.norm1.bias[0:]{32,1,1}) -> [1,32,5,12]
    /layer/QuickGelu: QuickGelu(/layer/norm1/Add) -> [1,32,5,12]
    /layer/conv1/Conv: Conv(/layer/QuickGelu, layer.conv1.weight[0:]{32,32,3,1}, layer.conv1.bias) -> [1,32,5,12]
    /layer/norm2/Add: Add(/layer/norm2/Mul, layer.norm2.bias[0:]{32,1,1}) -> [1,32,5,12]
    /layer/QuickGelu_1: QuickGelu(/layer/norm2/Add) -> [1,32,5,12]
    /layer/conv2/Conv: Conv(/layer/QuickGelu_1, layer.conv2.weight[0:]{32,32,3,1}, layer.conv2.bias) -> [1,32,5,12]
    out: Identity(/layer/conv2/Conv) -> [1,32,5,12]"
  `);
});

test.each([
  ['rest', ['Neg', 'Sigmoid']],
  ['alpha', ['Sigmoid']],
] as const)('space and time are blended by one share, %s', (temporalShare, ops) => {
  const block = new SpatioTemporalResBlock({
    inChannels: 32,
    outChannels: 32,
    eps: 1e-6,
    temporalEps: 1e-5,
    temporalShare,
  });
  const { graph } = layerGraph(block, [5, 32, 3, 4], (layer, x) => layer.call(x));
  const types = graph.nodes.map(({ opType }) => opType);
  expect(types.filter((type) => ['Neg', 'Sigmoid'].includes(type))).toEqual(ops);
  expect(types.slice(types.lastIndexOf('Transpose'))).toEqual(['Transpose', 'Reshape', 'Mul', 'Add', 'Identity']);
  expect(graph.outputs[0]?.shape).toEqual([5, 32, 3, 4]);
});

test.each([
  [1, [2, 32, 5, 5]],
  [[0, 0, 1, 1] as const, [2, 32, 4, 5]],
])('halving with padding %j rounds as the reference does', (padding, shape) => {
  const { graph } = layerGraph(new Downsample2D(32, padding), [2, 32, 9, 10], (layer, x) => layer.call(x));
  expect(graph.outputs[0]?.shape).toEqual(shape);
});

test('doubling goes to the size asked for', () => {
  const { graph } = layerGraph(new Upsample2D(32), [2, 32, 5, 5], (layer, x) => layer.call(x, 9, 10));
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "/layer/Resize: Resize(x, -, -, [2,32,9,10]) -> [2,32,9,10]
    /layer/conv/Conv: Conv(/layer/Resize, layer.conv.weight, layer.conv.bias) -> [2,32,9,10]
    out: Identity(/layer/conv/Conv) -> [2,32,9,10]"
  `);
});

/** GroupNorm's five lines are shown in its own test. */
const withoutNorms = (text: string) =>
  text
    .split('\n')
    .filter((line) => !/^\S*\/norm\d\/(?!Add)/.test(line))
    .join('\n');
