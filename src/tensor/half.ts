/**
 * Conversions between float32 and the two 16-bit floats, on arrays of raw bits.
 * Widening is exact; narrowing rounds to nearest, ties to even, as IEEE 754 and torch's `.half()` do.
 */

const bits = new Uint32Array(1);
const number = new Float32Array(bits.buffer);

/** The float32 value of one float16, given as its 16 bits. */
export function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The 16 bits of the float16 nearest to a number; beyond 65504 (after rounding) an infinity. */
export function numberToHalf(value: number): number {
  number[0] = value;
  const x = bits[0] as number;
  const sign = (x >>> 16) & 0x8000;
  const magnitude = x & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // A subnormal half counts in steps of 2^-24; adding 0.5 aligns those steps with float32's own rounding.
    number[0] = Math.abs(value) + 0.5;
    return sign | ((bits[0] as number) - 0x3f000000);
  }
  // Rebias the exponent by 112 and let the carry of "round half to even" run into it.
  return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >> 13) & 1)) >>> 13);
}

// 65,536 halves exist: a table makes widening gigabytes one look-up an element.
let widened: Float32Array<ArrayBuffer> | undefined;

/** float16 bits to float32 values, elementwise. */
export function widenFloat16(halves: Uint16Array): Float32Array<ArrayBuffer> {
  widened ??= Float32Array.from({ length: 0x10000 }, (_, half) => halfToNumber(half));
  const table = widened;
  const out = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) out[i] = table[halves[i] as number] as number;
  return out;
}

/** bfloat16 bits to float32 values, elementwise: bfloat16 is float32's upper half. */
export function widenBfloat16(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const out = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) out[i] = (halves[i] as number) << 16;
  return new Float32Array(out.buffer);
}

/** float32 values to float16 bits, elementwise. */
export function narrowToFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = numberToHalf(values[i] as number);
  return out;
}
