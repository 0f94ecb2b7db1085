import { expect, test } from 'vitest';
import { layerGraph, sines } from '../../reference/layer';
import { madeUpWeights } from '../../reference/made-up-weights';
import { printGraph } from '../../reference/print-graph';
import { maxError } from '../../reference/read';
import { named } from '../nn/module';
import { Graph } from '../onnx/graph';
import { Attention, BasicTransformerBlock, FeedForward, PixelAttention } from './attention';

test('self-attention is three Gemms, one attention and a Gemm out, whose bias takes the extra in', () => {
  const { graph } = layerGraph(new Attention({ channels: 8, heads: 2 }), [3, 5, 8], (layer, x) =>
    layer.call(x, x.graph.input('extra', [8])),
  );
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "/layer/to_q/Reshape: Reshape(x, [15,8]) -> [15,8]
    /layer/to_q/Gemm: Gemm(/layer/to_q/Reshape, layer.to_q.weight) -> [15,8]
    /layer/to_q/Reshape_1: Reshape(/layer/to_q/Gemm, [3,5,8]) -> [3,5,8]
    /layer/to_k/Reshape: Reshape(x, [15,8]) -> [15,8]
    /layer/to_k/Gemm: Gemm(/layer/to_k/Reshape, layer.to_k.weight) -> [15,8]
    /layer/to_k/Reshape_1: Reshape(/layer/to_k/Gemm, [3,5,8]) -> [3,5,8]
    /layer/to_v/Reshape: Reshape(x, [15,8]) -> [15,8]
    /layer/to_v/Gemm: Gemm(/layer/to_v/Reshape, layer.to_v.weight) -> [15,8]
    /layer/to_v/Reshape_1: Reshape(/layer/to_v/Gemm, [3,5,8]) -> [3,5,8]
    /layer/MultiHeadAttention: MultiHeadAttention(/layer/to_q/Reshape_1, /layer/to_k/Reshape_1, /layer/to_v/Reshape_1) -> [3,5,8]
    /layer/Add: Add(layer.to_out.0.bias, extra) -> [8]
    /layer/to_out.0/Reshape: Reshape(/layer/MultiHeadAttention, [15,8]) -> [15,8]
    /layer/to_out.0/Gemm: Gemm(/layer/to_out.0/Reshape, layer.to_out.0.weight, /layer/Add) -> [15,8]
    /layer/to_out.0/Reshape_1: Reshape(/layer/to_out.0/Gemm, [3,5,8]) -> [3,5,8]
    out: Identity(/layer/to_out.0/Reshape_1) -> [3,5,8]"
  `);
});

test('cross-attention to one token is that token’s value, whoever asks', () => {
  const attention = new Attention({ channels: 8, heads: 2, contextChannels: 6 });
  const { graph } = layerGraph(attention, [1, 6], (layer, context) => layer.toOneToken(context));
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "/layer/to_v/Gemm: Gemm(x, layer.to_v.weight) -> [1,8]
    /layer/to_out.0/Gemm: Gemm(/layer/to_v/Gemm, layer.to_out.0.weight, layer.to_out.0.bias) -> [1,8]
    /layer/Reshape: Reshape(/layer/to_out.0/Gemm, [8]) -> [8]
    out: Identity(/layer/Reshape) -> [8]"
  `);
});

test('the VAE attends frame by frame', () => {
  const { graph } = layerGraph(new PixelAttention(32), [2, 32, 3, 4], (layer, x) => layer.call(x));
  const types = graph.nodes.map(({ opType }) => opType);
  expect(types.filter((type) => type === 'MultiHeadAttention')).toHaveLength(2);
  expect(printGraph(graph).split('\n').at(-2)).toMatchInlineSnapshot(
    `"/layer/Concat: Concat(/layer/Add, /layer/Add_1) -> [2,32,3,4]"`,
  );
});

test('a feed-forward multiplies its halves by two Gemms of one weight', () => {
  const { graph } = layerGraph(new FeedForward(8), [2, 5, 8], (layer, x) => layer.call(x));
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "/layer/Reshape: Reshape(x, [10,8]) -> [10,8]
    /layer/net.0/proj/Gemm: Gemm(/layer/Reshape, layer.net.0.proj.weight[0:]{32,8}, layer.net.0.proj.bias[0:]{32}) -> [10,32]
    /layer/net.0/proj/Gemm_1: Gemm(/layer/Reshape, layer.net.0.proj.weight[32:]{32,8}, layer.net.0.proj.bias[32:]{32}) -> [10,32]
    /layer/net.0/Gelu: Gelu(/layer/net.0/proj/Gemm_1) -> [10,32]
    /layer/net.0/Mul: Mul(/layer/net.0/proj/Gemm, /layer/net.0/Gelu) -> [10,32]
    /layer/net.2/Gemm: Gemm(/layer/net.0/Mul, layer.net.2.weight, layer.net.2.bias) -> [10,8]
    /layer/Reshape_1: Reshape(/layer/net.2/Gemm, [2,5,8]) -> [2,5,8]
    out: Identity(/layer/Reshape_1) -> [2,5,8]"
  `);
});

test('FeedForward has the numbers of diffusers’ FeedForward', async () => {
  // class FeedForward(nn.Module):
  //     def __init__(self):
  //         super().__init__()
  //         self.proj, self.out = nn.Linear(2, 16), nn.Linear(8, 2)
  //     def forward(self, x):
  //         value, gate = self.proj(x).chunk(2, dim=-1)
  //         return self.out(value * F.gelu(gate))
  // run(FeedForward(), sines([1, 3, 2], 10))
  const expected = [-0.248776, -0.915329, -0.803022, -0.188167, -0.792589, 1.595685];
  const { run } = layerGraph(new FeedForward(2), [1, 3, 2], (layer, x) => layer.call(x));
  expect(maxError((await run(sines([1, 3, 2], 10))).data, expected)).toBeLessThan(1e-5);
});

test('a feed-forward too large for the graph’s limit is computed by so many tokens', () => {
  const graph = new Graph(madeUpWeights().locate, { maxTensorBytes: 4 * 5 * 32 * 4 });
  const x = graph.input('x', [10, 5, 8]);
  const out = named({ ff: new FeedForward(8) }).ff.call(x);
  const slices = graph.nodes.filter(({ opType }) => opType === 'Slice');
  // 20 of the 50 tokens would fit, 10 at a time are as many each time.
  expect(slices.map(({ outputs: [name] }) => graph.values.get(name as string)?.shape)).toEqual(Array(5).fill([10, 8]));
  expect(out.shape).toEqual([10, 5, 8]);
});

test('a transformer block reads neither queries nor keys of its cross-attention', () => {
  const { asked, locate } = madeUpWeights();
  const graph = new Graph(locate);
  const block = named({ block: new BasicTransformerBlock(8, 2, 6) }).block;
  block.call(graph.input('x', [2, 5, 8]), block.attn2.toOneToken(graph.input('context', [1, 6])));
  expect([...asked.keys()].filter((name) => /attn2|norm2/.test(name))).toEqual([
    'block.attn2.to_v.weight',
    'block.attn2.to_out.0.bias',
    'block.attn2.to_out.0.weight',
  ]);
});
