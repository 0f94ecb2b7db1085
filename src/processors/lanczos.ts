import { checkPicture, checkSize, type Picture } from './picture';
import { resampleColumns, resampleRows, type Taps } from './resample';

/** The filter's half width, in samples of the smaller of the two sizes. */
const SUPPORT = 3;

/** Weights are whole multiples of 2^-22: what 32 bits leave beside a byte and two bits for sums beyond its range. */
const WEIGHT_BITS = 22;

/**
 * The picture at another size, as Pillow's `Image.resize((width, height), LANCZOS)` makes it, byte for byte: along x
 * first, then along y, rounded to 8 bits in between; an axis whose size stays is left alone. The aspect is not kept.
 * (Pillow 12.3 begins with y where a picture is over 100 times as tall as wide; earlier releases and this do not.)
 *
 * Source: Pillow 12.3, src/libImaging/Resample.c.
 *
 * @param width pixels
 * @param height pixels
 * @throws RangeError if the picture or a size is malformed
 */
export function resize(picture: Picture, width: number, height: number): Picture {
  checkPicture(picture);
  checkSize(width, height);
  const wide = width === picture.width ? picture.data : resizeRows(picture, width);
  const data = height === picture.height ? wide : resizeColumns(wide, width, picture.height, height);
  return { width, height, data };
}

function resizeRows({ width: inputWidth, height, data }: Picture, width: number): Uint8Array<ArrayBuffer> {
  const sums = new Int32Array(3 * width * height);
  return toBytes(resampleRows(data, inputWidth, lanczosTaps(inputWidth, width), sums));
}

function resizeColumns(
  data: Uint8Array<ArrayBuffer>,
  width: number,
  inputHeight: number,
  height: number,
): Uint8Array<ArrayBuffer> {
  const sums = new Int32Array(3 * width * height);
  return toBytes(resampleColumns(data, width, lanczosTaps(inputHeight, height), sums));
}

function toBytes(sums: Int32Array): Uint8Array<ArrayBuffer> {
  const half = 1 << (WEIGHT_BITS - 1);
  const bytes = new Uint8ClampedArray(sums.length);
  for (let i = 0; i < sums.length; i++) bytes[i] = ((sums[i] as number) + half) >> WEIGHT_BITS;
  return new Uint8Array(bytes.buffer);
}

function lanczosTaps(inputSize: number, outputSize: number): Taps[] {
  const scale = inputSize / outputSize;
  // When shrinking, the filter is stretched to take in every input sample.
  const stretch = Math.max(scale, 1);
  return Array.from({ length: outputSize }, (_, i) => {
    const center = (i + 0.5) * scale;
    const first = Math.max(Math.trunc(center - SUPPORT * stretch + 0.5), 0);
    const end = Math.min(Math.trunc(center + SUPPORT * stretch + 0.5), inputSize);
    const weights = Float64Array.from({ length: end - first }, (_, k) => lanczos((first + k - center + 0.5) / stretch));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: Int32Array.from(weights, (weight) => roundHalfAway((weight / sum) * 2 ** WEIGHT_BITS)) };
  });
}

function lanczos(x: number): number {
  return -SUPPORT <= x && x < SUPPORT ? sinc(x) * sinc(x / SUPPORT) : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function roundHalfAway(x: number): number {
  return Math.trunc(x < 0 ? x - 0.5 : x + 0.5);
}
