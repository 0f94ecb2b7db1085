/** So many random bytes as hex digits, two a byte. */
export const randomHex = (random: (count: number) => Uint8Array, bytes: number): string =>
  Array.from(random(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** A seed for a clip, 1 to 4294967294: 0 means "draw one" on Stability's face. */
export function randomSeed(random: (count: number) => Uint8Array): number {
  const bits = random(4).reduce((sum, byte) => sum * 256 + byte, 0);
  return 1 + (bits % 4294967294);
}
