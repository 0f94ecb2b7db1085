import { expect, test } from 'vitest';
import { halfToNumber, narrowToFloat16, numberToHalf, widenBfloat16, widenFloat16 } from './half';

test('every float16 survives widening and narrowing', () => {
  const survives = (half: number) => {
    const value = halfToNumber(half);
    return Number.isNaN(value) ? (numberToHalf(value) & 0x7e00) === 0x7e00 : numberToHalf(value) === half;
  };
  // One expectation: 65,536 of them take a second.
  expect(Array.from({ length: 0x10000 }, (_, half) => half).filter((half) => !survives(half))).toEqual([]);
});

test('narrowing rounds to nearest, ties to even', () => {
  // 2049 lies halfway between 2048 and 2050; 2051 between 2050 and 2052.
  expect(halfToNumber(numberToHalf(2049))).toBe(2048);
  expect(halfToNumber(numberToHalf(2051))).toBe(2052);
  expect(halfToNumber(numberToHalf(2 ** -25))).toBe(0);
  expect(halfToNumber(numberToHalf(1.5 * 2 ** -24))).toBe(2 ** -23);
  expect(halfToNumber(numberToHalf(65519))).toBe(65504);
  expect(halfToNumber(numberToHalf(65520))).toBe(Number.POSITIVE_INFINITY);
  expect(halfToNumber(numberToHalf(-1e9))).toBe(Number.NEGATIVE_INFINITY);
});

test('arrays convert elementwise', () => {
  expect([...widenFloat16(new Uint16Array([0x3c00, 0xc000, 0x0001]))]).toEqual([1, -2, 2 ** -24]);
  expect([...widenBfloat16(new Uint16Array([0x3f80, 0xc000]))]).toEqual([1, -2]);
  expect([...narrowToFloat16(new Float32Array([1, -2]))]).toEqual([0x3c00, 0xc000]);
});
