import { expect, test } from 'vitest';
import { halfToNumber, numberToHalf } from '../tensor/half';
import { convert, widen } from './convert';
import { float8E4M3ToNumber } from './float8';

/**
 * E4M3 by its table in the paper, counted up instead of decoded: from one byte to the next the value grows by a step that
 * is 2^-9 below 0x10 and doubles every eight bytes.
 */
function countedE4M3(): number[] {
  const values = [0];
  for (let byte = 1; byte < 0x7f; byte++) {
    const step = 2 ** (Math.max(1, Math.floor(byte / 8)) - 10);
    // The step to a byte is that of the byte before it.
    const before = 2 ** (Math.max(1, Math.floor((byte - 1) / 8)) - 10);
    values.push((values[byte - 1] as number) + before);
    if ((values[byte] as number) % step) throw new Error('A value must be a multiple of its own step.');
  }
  return [...values, Number.NaN, ...values.map((value) => -value), Number.NaN];
}

test('all 256 E4M3 values are those of the format', () => {
  const counted = countedE4M3();
  expect(counted).toHaveLength(256);
  expect(Array.from({ length: 256 }, (_, byte) => float8E4M3ToNumber(byte))).toEqual(counted);
  // Values that the paper names: largest, smallest normal, largest and smallest subnormal.
  expect([0x7e, 0x08, 0x07, 0x01].map(float8E4M3ToNumber)).toEqual([448, 2 ** -6, 0.875 * 2 ** -6, 2 ** -9]);
  expect([0x7f, 0xff].map(float8E4M3ToNumber)).toEqual([Number.NaN, Number.NaN]);
  expect(Object.is(float8E4M3ToNumber(0x80), -0)).toBe(true);
});

test('all 256 E5M2 values are those of the format', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const expected = Array.from(bytes, (byte) => {
    const sign = byte >> 7 ? -1 : 1;
    const [exponent, fraction] = [(byte >> 2) & 31, byte & 3];
    if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return sign * (exponent ? (4 + fraction) * 2 ** (exponent - 17) : fraction * 2 ** -16);
  });
  expect([...widen(bytes.buffer, 'F8_E5M2')]).toEqual(expected);
});

test.each(['F8_E4M3', 'F8_E5M2'] as const)('every %s value is a float16, exactly', (dtype) => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const values = widen(bytes.buffer, dtype);
  const halves = new Uint16Array(convert(bytes.buffer, dtype, 'float16').buffer);
  expect([...halves].map(halfToNumber)).toEqual([...values]);
  expect([...values].map(numberToHalf)).toEqual([...halves]);
});
