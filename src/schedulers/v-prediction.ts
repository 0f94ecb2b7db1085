import { type Tensor, tensor } from '../tensor/tensor';

/**
 * What a v-predicting network sees and says, in float32 with a rounding after every operation. Rounding where diffusers
 * rounds keeps a clip with few steps the reference's clip: there the sample falls from 700 to 1 and loses digits.
 */

const { fround } = Math;

/** The sample brought to variance 1: x / sqrt(sigma^2 + 1). */
export function scaleToUnitVariance(sample: Tensor, sigma: number): Tensor {
  const deviation = standardDeviation(sigma);
  return tensor(
    sample.shape,
    sample.data.map((x) => x / deviation),
  );
}

/**
 * The clean sample that a model output v means: x / (sigma^2 + 1) - v * sigma / sqrt(sigma^2 + 1).
 *
 * @throws RangeError if the two differ in length
 */
export function predictOriginalSample(modelOutput: Tensor, sigma: number, sample: Tensor): Tensor {
  if (modelOutput.data.length !== sample.data.length) {
    throw new RangeError(`The model output [${modelOutput.shape}] must have the sample's shape [${sample.shape}].`);
  }
  const variance = noisyVariance(sigma);
  const outputScale = fround(-sigma / standardDeviation(sigma));
  const original = sample.data.map((x, i) => {
    const scaledOutput = fround((modelOutput.data[i] as number) * outputScale);
    return scaledOutput + fround(x / variance);
  });
  return tensor(sample.shape, original);
}

/** The standard deviation of a sample at noise level sigma: sqrt(sigma^2 + 1), in float32. */
export function standardDeviation(sigma: number): number {
  return fround(Math.sqrt(noisyVariance(sigma)));
}

function noisyVariance(sigma: number): number {
  return fround(fround(sigma * sigma) + 1);
}
