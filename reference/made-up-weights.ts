import type { Locate } from '../src/onnx/graph';
import { DTYPE_BYTES } from '../src/tensor/dtype';
import { elementCount, type Shape } from '../src/tensor/tensor';

/** A checkpoint that has every tensor asked for, one behind the other in a file that does not exist. */
export function madeUpWeights() {
  /** Every tensor asked for, by name. */
  const asked = new Map<string, Shape>();
  let offset = 0;
  const locate: Locate = (name, shape, dtype) => {
    const length = elementCount(shape) * DTYPE_BYTES[dtype];
    asked.set(name, shape);
    offset += length;
    return { location: 'made-up.safetensors', offset: offset - length, length };
  };
  return { asked, locate };
}
