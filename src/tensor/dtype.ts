/** Element types a graph computes with, by their ONNX names. */
export type DType = 'float32' | 'float16' | 'int64';

/** Bytes of one element. */
export const DTYPE_BYTES: Readonly<Record<DType, number>> = { float32: 4, float16: 2, int64: 8 };
