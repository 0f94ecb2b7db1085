import { expect, test } from 'vitest';
import { layerGraph, sines } from '../../reference/layer';
import { printGraph } from '../../reference/print-graph';
import { maxError } from '../../reference/read';
import { add } from '../onnx/ops';
import { Conv2d, TemporalConv } from './conv';

test('Conv2d is one Conv', () => {
  const { graph } = layerGraph(new Conv2d(2, 3, { kernel: 3, padding: 1 }), [1, 2, 4, 4], (layer, x) => layer.call(x));
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "/layer/Conv: Conv(x, layer.weight, layer.bias) -> [1,3,4,4]
    out: Identity(/layer/Conv) -> [1,3,4,4]"
  `);
  expect(graph.nodes[0]?.attributes).toEqual({ kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] });
});

test.each([
  [
    // run(nn.Conv2d(2, 3, 3, stride=2, padding=1), sines([1, 2, 4, 4], 10))
    'strided and padded',
    new Conv2d(2, 3, { kernel: 3, stride: 2, padding: 1 }),
    [1, 2, 4, 4],
    [
      3.331176, 0.235028, 4.412612, 5.277983, 2.962694, -0.070747, 3.925926, 4.989338, 2.390341, -0.576962, 3.234281,
      4.494531,
    ],
  ],
  [
    // run(nn.Conv2d(2, 3, 3, stride=2), F.pad(sines([1, 2, 4, 4], 10), (0, 1, 0, 1)))
    'padded at the bottom and right only',
    new Conv2d(2, 3, { kernel: 3, stride: 2, padding: [0, 0, 1, 1] }),
    [1, 2, 4, 4],
    [
      -4.456261, 1.053067, -3.560602, -2.373627, -5.08888, 0.423445, -4.027376, -2.963388, -5.916264, -0.407177,
      -4.690117, -3.750318,
    ],
  ],
  [
    // run(nn.Conv2d(2, 3, 1, bias=False), sines([1, 2, 2, 2], 10))
    'without a bias',
    new Conv2d(2, 3, { kernel: 1, bias: false }),
    [1, 2, 2, 2],
    [
      0.094367, 0.285915, 0.342993, 0.238756, -0.636217, -0.475818, -0.091635, 0.335646, -0.310639, -0.447662,
      -0.374143, -0.124658,
    ],
  ],
])('Conv2d, %s, has the numbers of torch', async (_, layer, shape, expected) => {
  const { run } = layerGraph(layer, shape, (conv, x) => conv.call(x));
  expect(maxError((await run(sines(shape, 10))).data, expected)).toBeLessThan(2e-6);
});

test('a bias given takes the place of the layer’s own', () => {
  const { graph } = layerGraph(new Conv2d(2, 3, { kernel: 1 }), [1, 2, 4, 4], (layer, x) =>
    layer.call(x, add(layer.bias?.in(x) as never, x.graph.input('extra', [3]))),
  );
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "/Add: Add(layer.bias, extra) -> [3]
    /layer/Conv: Conv(x, layer.weight, /Add) -> [1,3,4,4]
    out: Identity(/layer/Conv) -> [1,3,4,4]"
  `);
});

test('TemporalConv is a two-dimensional Conv along the frames, over the bytes of the three-dimensional weight', () => {
  const { graph } = layerGraph(new TemporalConv(2, 2), [1, 2, 3, 8], (layer, x) => layer.call(x));
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "/layer/Conv: Conv(x, layer.weight[0:]{2,2,3,1}, layer.bias) -> [1,2,3,8]
    out: Identity(/layer/Conv) -> [1,2,3,8]"
  `);
  expect(graph.nodes[0]?.attributes).toEqual({ kernel_shape: [3, 1], strides: [1, 1], pads: [1, 0, 1, 0] });
});

test('TemporalConv has the numbers of torch', async () => {
  // run(nn.Conv3d(2, 2, (3, 1, 1), padding=(1, 0, 0)), sines([1, 2, 3, 2, 1], 10))
  const expected = [
    0.269038, 1.591335, 1.771621, 2.153454, 2.132909, 2.314019, 0.714859, 0.01909, 0.812442, -0.04859, -1.184077,
    -1.369193,
  ];
  const { run } = layerGraph(new TemporalConv(2, 2), [1, 2, 3, 2], (layer, x) => layer.call(x));
  expect(maxError((await run(sines([1, 2, 3, 2], 10))).data, expected)).toBeLessThan(2e-6);
});
