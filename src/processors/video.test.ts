import { expect, test } from 'vitest';
import { get, maxError, readReference, readReferencePicture } from '../../reference/read';
import { tensor } from '../tensor/tensor';
import { postprocessVideo, preprocess } from './video';

const reference = readReference('stages/preprocess.safetensors');

test.each(['128x64', '300x200', '700x420'])('the VAE sees the %s picture as in the reference', (size) => {
  const input = preprocess(readReferencePicture(`stages/image_${size}.png`), 128, 64);
  const expected = get(reference, `${size}.vae_input`);
  expect(input.shape).toEqual(expected.shape);
  expect(maxError(input.data, expected.data)).toBe(0);
});

test('every byte survives the way to -1..1 and back', () => {
  const data = Uint8Array.from({ length: 3 * 256 }, (_, i) => Math.floor(i / 3));
  const { data: values } = preprocess({ width: 256, height: 1, data }, 256, 1);
  const rgba = postprocessVideo(tensor([1, 3, 1, 256], values));
  expect([...rgba]).toEqual(Array.from({ length: 4 * 256 }, (_, i) => (i % 4 === 3 ? 255 : Math.floor(i / 4))));
});

test('frames become opaque RGBA, one after the other, clamped and rounded half to even', () => {
  // 0 means 127.5, which rounds to 128; 2 * 126.5 / 255 - 1 means 126.5, which rounds to 126.
  const values = Float32Array.of(-1, 1, -7, 7, 0, (2 * 126.5) / 255 - 1, Number.NaN, -1, -1, -1, -1, 1);
  expect([...postprocessVideo(tensor([2, 3, 1, 2], values))]).toEqual([
    0, 0, 128, 255, 255, 255, 126, 255, 0, 0, 0, 255, 0, 0, 255, 255,
  ]);
});

test('a tensor that is no row of RGB frames is refused', () => {
  expect(() => postprocessVideo(tensor([1, 4, 2, 2]))).toThrow('[frames, 3, height, width], not [1,4,2,2]');
  expect(() => postprocessVideo(tensor([3, 2, 2]))).toThrow(RangeError);
});
