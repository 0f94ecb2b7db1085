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

/** float32 values as the bytes of a dtype. */
export const bytesAs = (values: Float32Array<ArrayBuffer>, dtype: WeightDType): Uint8Array<ArrayBuffer> =>
  new Uint8Array(dtype === 'float32' ? values.buffer : narrowToFloat16(values).buffer);
