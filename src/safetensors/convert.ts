import { DTYPE_BYTES } from '../tensor/dtype';
import { narrowToFloat16, widenBfloat16, widenFloat16 } from '../tensor/half';
import { float8E5M2ToFloat16, widenFloat8E4M3 } from './float8';

/** What a graph may ask a tensor to be. */
export type WeightDType = 'float32' | 'float16';

/** Dtypes that hold weights: bytes of one element, and how bytes become float32. */
const STORED = {
  F32: { size: 4, widen: (bytes: ArrayBuffer) => new Float32Array(bytes) },
  F16: { size: 2, widen: (bytes: ArrayBuffer) => widenFloat16(new Uint16Array(bytes)) },
  BF16: { size: 2, widen: (bytes: ArrayBuffer) => widenBfloat16(new Uint16Array(bytes)) },
  F8_E4M3: { size: 1, widen: (bytes: ArrayBuffer) => widenFloat8E4M3(new Uint8Array(bytes)) },
  F8_E5M2: { size: 1, widen: (bytes: ArrayBuffer) => widenFloat16(float8E5M2ToFloat16(new Uint8Array(bytes))) },
} as const;

/** A dtype that weights can be read from. */
export type Convertible = keyof typeof STORED;

export const isConvertible = (dtype: string): dtype is Convertible => Object.hasOwn(STORED, dtype);

/** The dtypes weights can be read from, for messages. */
export const CONVERTIBLE = 'F32, F16, BF16, F8_E4M3 or F8_E5M2';

/** The name in a safetensors header of what a graph asks for. */
export const SAME: Readonly<Record<WeightDType, Convertible>> = { float32: 'F32', float16: 'F16' };

/** Bytes of one element. */
export const storedSize = (dtype: Convertible): number => STORED[dtype].size;

/** Values as stored, as float32. */
export const widen = (bytes: ArrayBuffer, dtype: Convertible): Float32Array<ArrayBuffer> => STORED[dtype].widen(bytes);

/** Values as stored, as the bytes of what a graph asks for. */
export function convert(bytes: ArrayBuffer, from: Convertible, to: WeightDType): Uint8Array<ArrayBuffer> {
  if (to === 'float32') return new Uint8Array(widen(bytes, from).buffer);
  if (from === 'F32') return new Uint8Array(narrowToFloat16(new Float32Array(bytes)).buffer);
  const codes = storedSize(from) === 1 ? new Uint8Array(bytes) : new Uint16Array(bytes);
  const halves = halvesOf(from);
  const out = new Uint8Array(DTYPE_BYTES.float16 * codes.length);
  const words = new Uint16Array(out.buffer);
  for (let i = 0; i < codes.length; i++) words[i] = halves[codes[i] as number] as number;
  return out;
}

/** For every code of a small dtype its float16 bits: one look-up an element where a network has a billion. */
function halvesOf(dtype: Convertible): Uint16Array {
  const known = tables.get(dtype);
  if (known) return known;
  const codes = Uint16Array.from({ length: 2 ** (8 * storedSize(dtype)) }, (_, code) => code);
  const bytes = storedSize(dtype) === 1 ? Uint8Array.from(codes) : codes;
  const made = narrowToFloat16(widen(bytes.buffer as ArrayBuffer, dtype));
  tables.set(dtype, made);
  return made;
}

const tables = new Map<Convertible, Uint16Array>();
