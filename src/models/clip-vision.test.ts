import { expect, test } from 'vitest';
import { get, readReference, relativeError } from '../../reference/read';
import { openGraph } from '../../reference/run-graph';
import { tinyCheckpoint } from '../../reference/tiny-checkpoint';
import type { Value } from '../onnx/graph';
import { tensor } from '../tensor/tensor';
import { imageEncoderGraph } from './graphs';

/** reference/README.md, loose; strict is 5e-6, and met. */
const LIMIT = 1e-4;

const pictures = readReference('stages/preprocess.safetensors');
const reference = readReference('stages/clip.safetensors');
const checkpoint = await tinyCheckpoint();
const weights = await checkpoint.weights('image_encoder');
const graph = imageEncoderGraph(checkpoint.imageEncoder, { dtype: 'float32', locate: weights.locate });
graph.output('pooled', graph.scopes.get('vision_model') as Value);
const session = await openGraph<'image_embeds' | 'pooled'>(graph, weights.blobs);

test.each(['128x64', '300x200', '700x420'])('embeds the %s picture as the reference does', async (size) => {
  const { image_embeds } = await embed(size);
  expect(image_embeds.shape).toEqual([1, 40]);
  expect(relativeError(image_embeds.data, get(reference, `${size}.image_embeds`).data)).toBeLessThan(LIMIT);
});

test('takes the class token through the last norm', async () => {
  const { pooled } = await embed('128x64');
  const expected = get(reference, '128x64.pooled_cls_post_layernorm');
  expect(relativeError(pooled.data, expected.data)).toBeLessThan(LIMIT);
});

function embed(size: string) {
  const { shape, data } = get(pictures, `${size}.pixel_values`);
  return session.run({ pixel_values: tensor(shape, data) });
}
