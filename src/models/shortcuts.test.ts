import { expect, test, vi } from 'vitest';
import { plainUnetGraph } from '../../reference/plain-unet';
import { get, readReference, relativeError } from '../../reference/read';
import { runGraph } from '../../reference/run-graph';
import { tinyCheckpoint } from '../../reference/tiny-checkpoint';
import { cost } from '../onnx/cost';
import type { Graph } from '../onnx/graph';
import { type Tensor, tensor } from '../tensor/tensor';
import { type GraphOptions, unetGraph } from './graphs';
import { unetInputs } from './unet-spatio-temporal-condition';

// Seconds of work, more on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const checkpoint = await tinyCheckpoint();
const reference = readReference('stages/unet_b1_t1.6378.safetensors');
const input = (name: string, shape: number[]): Tensor => tensor(shape, get(reference, name).data);
const inputs = unetInputs(checkpoint.unet, {
  sample: input('sample', [5, 8, 8, 16]),
  timestep: input('timestep', [1]),
  encoder_hidden_states: input('encoder_hidden_states', [1, 40]),
  added_time_ids: input('added_time_ids', [3]),
});
const shape = { frames: 5, height: 8, width: 16 };

const ours = await predict((options) => unetGraph(checkpoint.unet, shape, options));

test('the shortcuts change no number', async () => {
  const plain = await predict((options) => plainUnetGraph(checkpoint.unet, shape, options));
  expect(relativeError(ours.v, plain.v)).toBeLessThan(1e-5);
  expect(relativeError(plain.v, get(reference, 'output').data)).toBeLessThan(1e-5);
});

test('the shortcuts save nodes and arithmetic', async () => {
  const { locate } = await checkpoint.weights('unet');
  const plain = cost(plainUnetGraph(checkpoint.unet, shape, { dtype: 'float32', locate }));
  const { macs, nodes } = cost(ours.graph);
  for (const type of ['Gemm', 'MultiHeadAttention']) expect(macs[type]).toBeLessThan(plain.macs[type] as number);
  expect(nodes.MultiHeadAttention).toBe(0.5 * (plain.nodes.MultiHeadAttention as number));
});

async function predict(build: (options: GraphOptions) => Graph) {
  const weights = await checkpoint.weights('unet');
  const graph = build({ dtype: 'float32', locate: weights.locate });
  const { v } = await runGraph<'v'>(graph, weights.blobs, inputs);
  return { graph, v: v.data };
}
