import { expect, test } from 'vitest';
import { get, maxError, readReference, readReferencePicture } from '../../reference/read';
import { pixelValues } from './clip-image';

const reference = readReference('stages/preprocess.safetensors');
const config = {
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
};

// Enlarged; shrunk along x and enlarged along y; shrunk along both.
test.each(['128x64', '300x200', '700x420'])('CLIP sees the %s picture as in the reference', (size) => {
  const values = pixelValues(readReferencePicture(`stages/image_${size}.png`), config, 224);
  const expected = get(reference, `${size}.pixel_values`);
  expect(values.shape).toEqual(expected.shape);
  expect(maxError(values.data, expected.data)).toBeLessThan(5e-6);
});

test.each([
  [1, 1],
  [1, 500],
  [3000, 2],
])('a plain picture of %ix%i pixels stays plain', (width, height) => {
  const { data } = pixelValues({ width, height, data: new Uint8Array(3 * width * height).fill(255) }, config, 16);
  const white = config.image_mean.map((mean, channel) => (1 - mean) / (config.image_std[channel] as number));
  const expected = Float32Array.from(data, (_, i) => white[Math.floor(i / 256)] as number);
  expect(maxError(data, expected)).toBeLessThan(2e-6);
});

test('pictures, sizes and configs that make no sense are refused', () => {
  const picture = { width: 1, height: 1, data: new Uint8Array(3) };
  expect(() => pixelValues({ ...picture, height: 2 }, config, 224)).toThrow('has 6 bytes');
  expect(() => pixelValues(picture, config, 0)).toThrow('image_size');
  expect(() => pixelValues(picture, { ...config, image_mean: [0.5] }, 224)).toThrow('image_mean');
  expect(() => pixelValues(picture, { ...config, image_std: [1, 0, 1] }, 224)).toThrow('image_std');
});
