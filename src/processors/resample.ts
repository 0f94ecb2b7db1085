/**
 * What one output sample of an axis is made of: input samples from `first` on, each with its weight.
 * Both of SVD's resizes are such weighted sums along x and then along y; they differ in the weights and in rounding.
 */
export interface Taps {
  readonly first: number;
  readonly weights: Float64Array | Int32Array;
}

type Samples = Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
type Sums = Int32Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

/**
 * Weighted sums along x: every row of `width` RGB pixels becomes one of `taps.length` pixels.
 *
 * @param sums written; 3 * taps.length * rows elements, of a type that holds what the weights make
 */
export function resampleRows<T extends Sums>(rgb: Samples, width: number, taps: readonly Taps[], sums: T): T {
  let at = 0;
  for (let row = 0; row < rgb.length; row += 3 * width) {
    for (const { first, weights } of taps) {
      let red = 0;
      let green = 0;
      let blue = 0;
      let source = row + 3 * first;
      for (let k = 0; k < weights.length; k++) {
        const weight = weights[k] as number;
        red += weight * (rgb[source++] as number);
        green += weight * (rgb[source++] as number);
        blue += weight * (rgb[source++] as number);
      }
      sums[at++] = red;
      sums[at++] = green;
      sums[at++] = blue;
    }
  }
  return sums;
}

/**
 * Weighted sums along y: the rows of `width` RGB pixels become `taps.length` rows.
 *
 * @param sums written; 3 * width * taps.length zeros, of a type that holds what the weights make
 */
export function resampleColumns<T extends Sums>(rgb: Samples, width: number, taps: readonly Taps[], sums: T): T {
  const rowLength = 3 * width;
  taps.forEach(({ first, weights }, y) => {
    const row = sums.subarray(y * rowLength, (y + 1) * rowLength);
    // Row by row rather than column by column: memory is read in the order it lies.
    weights.forEach((weight, k) => {
      const source = (first + k) * rowLength;
      for (let i = 0; i < rowLength; i++) row[i] = (row[i] as number) + weight * (rgb[source + i] as number);
    });
  });
  return sums;
}
