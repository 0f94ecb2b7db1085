import { encode } from 'fast-png';
import type { PictureFile } from './app';

/** Pictures made of formulas, and files that are no pictures. */

type Rgb = readonly [red: number, green: number, blue: number];

/** Rows of pixels, 3 bytes each. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

export function pixels(width: number, height: number, colour: (x: number, y: number) => Rgb): Pixels {
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    rgb.set(colour(i % width, Math.floor(i / width)).map(toByte), 3 * i);
  }
  return { width, height, rgb };
}

export function png(name: string, { width, height, rgb }: Pixels): PictureFile {
  return { name, type: 'image/png', bytes: encode({ width, height, data: rgb, channels: 3 }) };
}

/**
 * What a photograph is to a network: a slope of light, things of every size from the whole frame down to a few pixels,
 * each half as strong as the one twice its size, and edges where one thing stands before another.
 */
export function photograph(width: number, height: number): Pixels {
  return pixels(width, height, (x, y) => {
    const [u, v] = [x / height, y / height];
    const ground = v > 0.55 + 0.18 * (octaves(2 * u, 7, 4) - 0.5);
    const texture = octaves(3 * u, 3 * v, 5) - 0.5;
    return ground
      ? [95 + 150 * texture, 105 + 140 * texture - 40 * v, 60 + 90 * texture]
      : [150 + 60 * v + 70 * texture, 170 + 30 * v + 60 * texture, 215 - 40 * v + 40 * texture];
  });
}

/** The mean of every 2x2 pixels. */
export function halved({ width, height, rgb }: Pixels): Pixels {
  const at = (x: number, y: number, channel: number) => rgb[3 * (y * width + x) + channel] as number;
  return pixels(width / 2, height / 2, (x, y) => {
    const mean = (c: number) =>
      (at(2 * x, 2 * y, c) + at(2 * x + 1, 2 * y, c) + at(2 * x, 2 * y + 1, c) + at(2 * x + 1, 2 * y + 1, c)) / 4;
    return [mean(0), mean(1), mean(2)];
  });
}

/** An animation of frames of one colour each, 4x4 pixels. */
export function gif(name: string, colours: readonly Rgb[]): PictureFile {
  const side = 4;
  const frame = (index: number) => [
    ...[0x21, 0xf9, 4, 0, 50, 0, 0, 0],
    ...[0x2c, 0, 0, 0, 0, side, 0, side, 0, 0],
    ...[2, ...subBlock(lzw(index, side * side)), 0],
  ];
  const palette = [0, 1, 2, 3].flatMap((index) => colours[index] ?? [0, 0, 0]);
  const bytes = Uint8Array.from([
    ...Buffer.from('GIF89a'),
    ...[side, 0, side, 0, 0x91, 0, 0],
    ...palette,
    ...colours.flatMap((_, index) => frame(index)),
    0x3b,
  ]);
  return { name, type: 'image/gif', bytes };
}

const subBlock = (bytes: readonly number[]) => [bytes.length, ...bytes];

/** GIF's LZW of one value repeated. Cleared after every two codes, the table never grows and every code has 3 bits. */
function lzw(value: number, count: number): number[] {
  const [clear, end] = [4, 5];
  const codes = [...Array.from({ length: count }, (_, i) => (i % 2 ? [value] : [clear, value])).flat(), end];
  const bits = codes.flatMap((code) => [code & 1, (code >> 1) & 1, (code >> 2) & 1]);
  return Array.from({ length: Math.ceil(bits.length / 8) }, (_, byte) =>
    bits.slice(8 * byte, 8 * byte + 8).reduce((sum, bit, i) => sum | (bit << i), 0),
  );
}

/** A JPEG with an Exif segment that says how the camera was held; 6 is a quarter turn: the first row is the right side. */
export function withOrientation(jpeg: Uint8Array, orientation: number): Uint8Array {
  const tiff = [
    ...Buffer.from('MM\0*'),
    ...[0, 0, 0, 8],
    // One entry: tag 0x0112 (orientation), a single u16. Then no further directory.
    ...[0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0],
  ];
  const payload = [...Buffer.from('Exif\0\0'), ...tiff];
  const app1 = [0xff, 0xe1, 0, payload.length + 2, ...payload];
  return Uint8Array.from([...jpeg.subarray(0, 2), ...app1, ...jpeg.subarray(2)]);
}

const toByte = (value: number) => Math.round(Math.min(255, Math.max(0, value)));

/** Octaves of value noise, 0 to 1. */
function octaves(x: number, y: number, count: number): number {
  let sum = 0;
  for (let octave = 0; octave < count; octave++)
    sum += noise(x * 2 ** octave + 19 * octave, y * 2 ** octave) / 2 ** octave;
  return sum / (2 - 2 ** (1 - count));
}

function noise(x: number, y: number): number {
  const [ix, iy] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [smooth(x - ix), smooth(y - iy)];
  const row = (at: number) => hash(ix, at) * (1 - fx) + hash(ix + 1, at) * fx;
  return row(iy) * (1 - fy) + row(iy + 1) * fy;
}

const smooth = (t: number) => t * t * (3 - 2 * t);

/** 0 to 1 from two whole numbers, the same on every machine. */
function hash(x: number, y: number): number {
  const h = Math.imul(Math.imul(x, 374761393) ^ Math.imul(y, 668265263), 1274126177);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}
