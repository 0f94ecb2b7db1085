import { readFileSync } from 'node:fs';
import { decode } from 'fast-png';

/** A tensor of a reference file. 16-bit floats are widened; 64-bit integers are given as numbers. */
export interface ReferenceTensor {
  readonly shape: number[];
  readonly dtype: string;
  readonly data: Float32Array<ArrayBuffer>;
}

/**
 * Every tensor of a safetensors file under `reference/`, by name. It shares no line with `src/safetensors`, so that a
 * fault there cannot hide itself in the tests.
 */
export function readReference(path: string): Map<string, ReferenceTensor> {
  const file = readFileSync(new URL(path, import.meta.url));
  const headerEnd = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, headerEnd)) as Record<string, HeaderEntry>;
  const tensors = new Map<string, ReferenceTensor>();
  for (const [name, { shape, dtype, data_offsets }] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const bytes = file.subarray(headerEnd + data_offsets[0], headerEnd + data_offsets[1]);
    tensors.set(name, { shape, dtype, data: toFloat32(bytes, dtype) });
  }
  return tensors;
}

/** The tensor of this name, or an error that names it: for tests, which have nothing to do without it. */
export function get(tensors: Map<string, ReferenceTensor>, name: string): ReferenceTensor {
  const found = tensors.get(name);
  if (!found) throw new Error(`The reference file has no tensor ${name}.`);
  return found;
}

/** A JSON file under `reference/`. */
export function readReferenceJson<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as T;
}

/** An 8-bit RGB PNG under `reference/`. */
export function readReferencePicture(path: string): { width: number; height: number; data: Uint8Array<ArrayBuffer> } {
  const { width, height, data } = decode(readFileSync(new URL(path, import.meta.url)));
  return { width, height, data: Uint8Array.from(data) };
}

/** The largest absolute difference of two arrays; NaN if anything is NaN, infinity if the lengths differ. */
export function maxError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs((actual[i] as number) - (expected[i] as number)));
  }
  return worst;
}

/** The error that the tolerances of README.md speak of: maxError over the largest absolute value expected. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i] as number));
  return maxError(actual, expected) / largest;
}

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: number[];
  readonly data_offsets: [begin: number, end: number];
}

function toFloat32(bytes: Buffer, dtype: string): Float32Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (dtype) {
    case 'F32':
      return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
    case 'F16':
      return Float32Array.from({ length: bytes.length / 2 }, (_, i) => widen(view.getUint16(2 * i, true)));
    case 'I64':
      return Float32Array.from({ length: bytes.length / 8 }, (_, i) => Number(view.getBigInt64(8 * i, true)));
    default:
      throw new Error(`No reference file should hold ${dtype}.`);
  }
}

function widen(half: number): number {
  const sign = half >> 15 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24);
}
