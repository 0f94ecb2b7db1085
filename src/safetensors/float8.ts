/**
 * The two 8-bit floats of checkpoints, each a byte: sign, exponent, fraction. Every value of both is a float16 as well.
 * Source: "FP8 Formats for Deep Learning", arXiv 2209.05433, table 1.
 */

/**
 * The float32 value of one E4M3 ("e4m3fn" in PyTorch): 4 bits of exponent with bias 7, 3 of fraction. It has no infinity:
 * the highest exponent counts on to 448, and all bits set is NaN.
 */
export function float8E4M3ToNumber(byte: number): number {
  const sign = byte & 0x80 ? -1 : 1;
  const exponent = (byte >> 3) & 0xf;
  const fraction = byte & 0x7;
  if (exponent === 0xf && fraction === 0x7) return Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -9;
  return sign * (1 + fraction / 8) * 2 ** (exponent - 7);
}

/** E4M3 bytes to float32 values, elementwise. */
export function widenFloat8E4M3(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const table = Float32Array.from({ length: 0x100 }, (_, byte) => float8E4M3ToNumber(byte));
  const out = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = table[bytes[i] as number] as number;
  return out;
}

/** E5M2 bytes to float16 bits, elementwise: E5M2 is float16's upper byte. */
export function float8E5M2ToFloat16(bytes: Uint8Array): Uint16Array<ArrayBuffer> {
  const out = new Uint16Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = (bytes[i] as number) << 8;
  return out;
}
