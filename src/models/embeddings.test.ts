import { expect, test } from 'vitest';
import { get, readReference, relativeError } from '../../reference/read';
import { runGraph } from '../../reference/run-graph';
import { tinyCheckpoint } from '../../reference/tiny-checkpoint';
import { named } from '../nn/module';
import { Graph, type Locate, type Value } from '../onnx/graph';
import { tensor } from '../tensor/tensor';
import { frameTimesteps, timesteps } from './embeddings';
import { UNetSpatioTemporalConditionModel } from './unet-spatio-temporal-condition';

/** reference/README.md, loose; strict is 2e-6, and met but for time ids above 100, where the last bit of a frequency weighs. */
const LIMIT = 1e-5;

const reference = readReference('stages/embeddings.safetensors');
const steps = get(reference, 'timesteps');
const ids = get(reference, 'added_time_ids');

test.each([32, 320])('spreads timesteps over %i channels', (channels) => {
  const { data } = timesteps(steps.data, channels);
  const expected = get(reference, `sinusoidal.dim${channels}`).data;
  // The last timestep is 999, which SVD does not have: there the last bit of a frequency already moves the angle by 6e-5.
  const svd = (values: Float32Array) => values.subarray(0, 8 * channels);
  expect(relativeError(svd(data), svd(expected))).toBeLessThan(LIMIT);
  expect(relativeError(data, expected)).toBeLessThan(1e-4);
});

test.each([
  ['add_time_proj(out)', 16],
  ['add_time_proj.dim256(out)', 256],
])('spreads time ids, one after the other: %s', (name, channels) => {
  expect(relativeError(timesteps(ids.data, channels).data, get(reference, name).data)).toBeLessThan(LIMIT);
});

test('spreads frame numbers as a constant', async () => {
  const graph = new Graph(noWeights);
  graph.output('out', frameTimesteps(graph.input('like', [1]), 25, 64));
  const { out } = await runGraph<'out'>(graph, new Map(), { like: tensor([1]) });
  expect(relativeError(out.data, get(reference, 'frame_sinusoidal.dim64').data)).toBeLessThan(LIMIT);
});

test('embeds time, time ids and frame numbers as the reference does', async () => {
  const checkpoint = await tinyCheckpoint();
  const weights = await checkpoint.weights('unet');
  const { add_embedding, down_blocks, time_embedding } = named(new UNetSpatioTemporalConditionModel(checkpoint.unet));
  const graph = new Graph(weights.locate);
  const time = graph.input('time_proj', [9, 32]);
  graph.output('time', time_embedding.call(time));
  graph.output('added', add_embedding.call(graph.input('add_time_proj', [3, 48])));
  const [attention] = down_blocks[0]?.attentions ?? [];
  graph.output('frames', attention?.time_pos_embed.call(frameTimesteps(time, 5, 32)) as Value);

  const out = await runGraph<'time' | 'added' | 'frames'>(graph, weights.blobs, {
    time_proj: timesteps(steps.data, 32),
    add_time_proj: tensor([3, 48], timesteps(ids.data, 16).data),
  });
  for (const [name, expected] of [
    ['time', 'unet.time_embedding(out)'],
    ['added', 'unet.add_embedding(out)'],
    ['frames', 'down_blocks.0.attentions.0.time_pos_embed(out)'],
  ] as const) {
    expect(relativeError(out[name].data, get(reference, expected).data), name).toBeLessThan(LIMIT);
  }
});

const noWeights: Locate = (name) => {
  throw new Error(`No weights here, not even ${name}.`);
};
