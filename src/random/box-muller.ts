/**
 * The Box-Muller transform as torch's vectorised CPU build computes it: in float32, with the logarithm, sine and cosine
 * polynomials of Cephes. Accurate functions would agree to 2e-6; these agree bit for bit.
 *
 * Source: ATen/native/cpu/DistributionTemplates.h (normal_fill_AVX2) and avx_mathfun.h of torch 2.13; the polynomials
 * are those of S. Moshier's Cephes library (logf, sinf, cosf).
 */

const { fround } = Math;

/** Bits of a uniform number: the mantissa of a float32 with its hidden bit. */
export const UNIFORM_BITS = 24;

const UNIFORM_RANGE = 2 ** UNIFORM_BITS;
const TWO_PI = fround(2 * Math.PI);
const FOUR_OVER_PI = fround(4 / Math.PI);
const SQRT_HALF = fround(Math.SQRT1_2);

// pi/4 in three parts, so that a multiple of it can be taken from an angle without losing digits.
const PI_4_PARTS = [0.78515625, 2.4187564849853516e-4, 3.774894977445941e-8].map(fround);
// ln 2 in two parts, for the same reason.
const LN_2_HIGH = fround(0.693359375);
const LN_2_LOW = fround(-2.1219444e-4);

// Highest power first.
const LOG_POLYNOMIAL = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
].map(fround);
const COS_POLYNOMIAL = [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2].map(fround);
const SIN_POLYNOMIAL = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1].map(fround);

/**
 * Turns the 16 uniform numbers from `start` on, given as integers of 24 bits, into 16 normal ones, in place.
 * Numbers j and j + 8 make a pair.
 */
export function normalsFromUniforms(values: Float32Array, start: number): void {
  for (let j = start; j < start + 8; j++) {
    const radius = fround(Math.sqrt(fround(-2 * logarithm(UNIFORM_RANGE - (values[j] as number)))));
    const angle = fround(TWO_PI * fround((values[j + 8] as number) / UNIFORM_RANGE));

    // Rounds the number of eighth turns up to an even one: what is left of the angle lies within -pi/4..pi/4.
    const eighths = (Math.trunc(fround(angle * FOUR_OVER_PI)) + 1) & ~1;
    let x = angle;
    for (const part of PI_4_PARTS) x = multiplyAdd(-eighths, part, x);
    const cos = cosine(x);
    const sin = sine(x);
    const quarters = (eighths >> 1) & 3;
    const swapped = quarters & 1;
    const c = swapped ? sin : cos;
    const s = swapped ? cos : sin;

    // The addition turns -0 into 0, as torch's `* std + mean` does.
    values[j] = radius * (quarters === 1 || quarters === 2 ? -c : c) + 0;
    values[j + 8] = radius * (quarters >= 2 ? -s : s) + 0;
  }
}

/** ln(n / 2^24) for a whole n of 1 to 2^24. */
function logarithm(n: number): number {
  const bits = 32 - Math.clz32(n);
  const mantissa = n / 2 ** bits;
  const small = mantissa < SQRT_HALF;
  const x = small ? 2 * mantissa - 1 : mantissa - 1;
  const exponent = bits - UNIFORM_BITS - (small ? 1 : 0);

  const z = fround(x * x);
  let y = fround(polynomial(LOG_POLYNOMIAL, x) * x);
  y = multiplyAdd(y, z, fround(exponent * LN_2_LOW));
  y = multiplyAdd(z, -0.5, y);
  return multiplyAdd(exponent, LN_2_HIGH, fround(x + y));
}

/** cos x for -pi/4..pi/4. */
function cosine(x: number): number {
  const z = fround(x * x);
  const y = fround(polynomial(COS_POLYNOMIAL, z) * z);
  return fround(multiplyAdd(y, z, -0.5 * z) + 1);
}

/** sin x for -pi/4..pi/4. */
function sine(x: number): number {
  const z = fround(x * x);
  return multiplyAdd(fround(polynomial(SIN_POLYNOMIAL, z) * z), x, x);
}

function polynomial(coefficients: readonly number[], x: number): number {
  let y = coefficients[0] as number;
  for (let i = 1; i < coefficients.length; i++) y = multiplyAdd(y, x, coefficients[i] as number);
  return y;
}

/**
 * A fused multiply-add in float32. The product of two float32 numbers is exact in a double; the sum is rounded twice,
 * to a double and to a float32, which differs from rounding once for about one sum in 2^29.
 */
function multiplyAdd(a: number, b: number, c: number): number {
  return fround(a * b + c);
}
