import { type Tensor, tensor } from '../tensor/tensor';
import { checkPicture, type Picture } from './picture';
import { resampleColumns, resampleRows, type Taps } from './resample';

const { fround } = Math;

/** What is read of a checkpoint's feature_extractor/preprocessor_config.json: three numbers each, red, green, blue. */
export interface CLIPImageProcessorConfig {
  readonly image_mean: readonly number[];
  readonly image_std: readonly number[];
}

/**
 * A picture as the CLIP image encoder wants it, `pixel_values`: [1, 3, imageSize, imageSize], normalised by mean and
 * deviation. Blurred and resized to the square whatever its aspect, neither cropped nor clamped.
 *
 * The source maps 0..1 to -1..1, blurs along x, then along y, interpolates, and maps back. All of it is linear, so here
 * blur and interpolation are one weighted sum along each axis and the maps cancel: the same numbers within 2e-6, and a
 * picture of 12 megapixels takes a fraction of a second.
 *
 * Source: diffusers 0.40 (58eb52c), pipeline_stable_video_diffusion.py: _resize_with_antialiasing and _encode_image.
 *
 * @param imageSize pixels; `image_size` of the image encoder's config.json
 * @throws RangeError if the picture, the size or the config is malformed
 */
export function pixelValues(picture: Picture, config: CLIPImageProcessorConfig, imageSize: number): Tensor {
  checkPicture(picture);
  checkConfig(config, imageSize);
  const { width, height, data } = picture;
  const pixels = imageSize * imageSize;
  const rowTaps = antialiasedBicubicTaps(width, imageSize);
  const columnTaps = antialiasedBicubicTaps(height, imageSize);
  const rows = resampleRows(data, width, rowTaps, new Float32Array(3 * imageSize * height));
  const rgb = resampleColumns(rows, imageSize, columnTaps, new Float32Array(3 * pixels));
  const values = new Float32Array(3 * pixels);
  for (let i = 0; i < values.length; i++) {
    const channel = i % 3;
    const mean = config.image_mean[channel] as number;
    const deviation = config.image_std[channel] as number;
    values[channel * pixels + (i - channel) / 3] = ((rgb[i] as number) / 255 - mean) / deviation;
  }
  return tensor([1, 3, imageSize, imageSize], values);
}

function checkConfig({ image_mean, image_std }: CLIPImageProcessorConfig, imageSize: number): void {
  for (const [key, values] of Object.entries({ image_mean, image_std })) {
    if (!Array.isArray(values) || values.length !== 3 || !values.every(Number.isFinite)) {
      throw new RangeError(`${key} in preprocessor_config.json must be three numbers, not ${JSON.stringify(values)}.`);
    }
  }
  if (image_std.includes(0)) throw new RangeError('image_std in preprocessor_config.json must not contain 0.');
  if (!Number.isInteger(imageSize) || imageSize < 1) {
    throw new RangeError(`image_size of the image encoder must be a whole number of pixels, not ${imageSize}.`);
  }
}

/**
 * Along one axis: a Gaussian blur as strong as the shrinking, then bicubic interpolation, which keeps the outermost
 * samples outermost. The weights sum to 1.
 */
function antialiasedBicubicTaps(inputSize: number, outputSize: number): Taps[] {
  const kernel = gaussianKernel(inputSize / outputSize);
  const radius = (kernel.length - 1) / 2;
  // torch computes positions in float32; exact ones would move the result by up to 2e-5.
  const spacing = outputSize > 1 ? fround((inputSize - 1) / (outputSize - 1)) : 0;
  return Array.from({ length: outputSize }, (_, i) => {
    const line = new Float64Array(inputSize);
    const position = fround(spacing * i);
    const below = Math.floor(position);
    cubicWeights(position - below).forEach((cubic, k) => {
      const sample = Math.min(Math.max(below - 1 + k, 0), inputSize - 1);
      kernel.forEach((gauss, j) => {
        const source = reflect(sample + j - radius, inputSize);
        line[source] = (line[source] as number) + cubic * gauss;
      });
    });
    const first = line.findIndex((weight) => weight !== 0);
    const last = line.findLastIndex((weight) => weight !== 0);
    return { first, weights: line.slice(first, last + 1) };
  });
}

/** Weights at the whole offsets around 0, an odd number of them that sum to 1. */
function gaussianKernel(factor: number): number[] {
  const sigma = Math.max((factor - 1) / 2, 0.001);
  const size = Math.trunc(Math.max(4 * sigma, 3));
  const radius = Math.floor(size / 2);
  const weights = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Weights of the samples at -1, 0, 1 and 2 for a position of 0..1: cubic convolution with torch's a = -0.75. */
function cubicWeights(t: number): number[] {
  const a = -0.75;
  const near = (d: number) => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number) => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return [far(t + 1), near(t), near(1 - t), far(2 - t)];
}

/** The index mirrored at the first and last sample, neither of which repeats. A single sample mirrors itself. */
function reflect(index: number, size: number): number {
  const inside = index < 0 ? -index : index;
  return Math.max(inside < size ? inside : 2 * (size - 1) - inside, 0);
}
