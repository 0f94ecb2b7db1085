import { DTYPE_BYTES } from '../tensor/dtype';
import { type Shape, type Tensor, tensor } from '../tensor/tensor';
import {
  bytesAs,
  CONVERTIBLE,
  type Convertible,
  isConvertible,
  SAME,
  storedSize,
  type WeightDType,
  widen,
} from './convert';
import { headerLength, parseHeader, type StoredTensor, WeightsError } from './header';

/** One safetensors file: its header checked, its tensors read on demand. Never held whole in memory. */
export class SafetensorsFile {
  private constructor(
    /** For messages, and the `location` by which a graph names the file. */
    readonly name: string,
    readonly blob: Blob,
    readonly tensors: ReadonlyMap<string, StoredTensor>,
  ) {}

  /**
   * Reads and checks the header.
   *
   * @throws WeightsError if the file is not a whole and consistent safetensors file
   */
  static async open(name: string, blob: Blob): Promise<SafetensorsFile> {
    const length = headerLength(name, await bytesOf(blob, 0, Math.min(8, blob.size)), blob.size);
    return new SafetensorsFile(name, blob, parseHeader(name, await bytesOf(blob, 8, 8 + length), blob.size));
  }

  /**
   * The same bytes under other names: for checkpoints whose tensors are called, cut or turned otherwise than a network's.
   *
   * @param tensors inside the file, each of as many bytes as its shape and dtype need
   */
  seenAs(tensors: ReadonlyMap<string, StoredTensor>): SafetensorsFile {
    return new SafetensorsFile(this.name, this.blob, tensors);
  }

  /** One tensor, widened to float32. For small tensors and checks; graphs read theirs by `Weights`. */
  async read(tensorName: string): Promise<Tensor> {
    return tensor(this.#find(tensorName).shape, await this.#values(tensorName));
  }

  /** Whether a tensor's bytes are already what a graph of `dtype` wants. */
  holdsAs(tensorName: string, dtype: WeightDType): boolean {
    const stored = this.#find(tensorName);
    return stored.dtype === SAME[dtype] && !stored.transposed;
  }

  /**
   * The bytes `[begin, end)` of a tensor converted to `dtype`; positions count in converted bytes and are multiples of
   * an element.
   *
   * @throws WeightsError if the tensor is stored as integers or in a dtype not known as a weight's
   */
  async readAs(tensorName: string, dtype: WeightDType, begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    const size = DTYPE_BYTES[dtype];
    return bytesAs(await this.#values(tensorName, begin / size, end / size), dtype);
  }

  /** @throws WeightsError unless the tensor is stored as numbers that can be weights */
  checkConvertible(tensorName: string): void {
    this.#convertible(tensorName, this.#find(tensorName));
  }

  /** The elements `[first, last)`, widened. */
  async #values(tensorName: string, first?: number, last?: number): Promise<Float32Array<ArrayBuffer>> {
    const stored = this.#find(tensorName);
    const dtype = this.#convertible(tensorName, stored);
    // What is turned is read whole: its neighbours lie far apart. Such tensors have a few megabytes.
    if (stored.transposed) {
      const whole = await bytesOf(this.blob, stored.begin, stored.end);
      return transposed(widen(whole.buffer, dtype), stored.shape).slice(first, last);
    }
    const size = storedSize(dtype);
    const begin = stored.begin + size * (first ?? 0);
    const end = last === undefined ? stored.end : stored.begin + size * last;
    return widen((await bytesOf(this.blob, begin, end)).buffer, dtype);
  }

  #convertible(tensorName: string, { dtype }: StoredTensor): Convertible {
    if (isConvertible(dtype)) return dtype;
    throw new WeightsError(
      `${this.name}: tensor ${tensorName} is stored as ${dtype}; weights are read from ${CONVERTIBLE}.`,
    );
  }

  #find(tensorName: string): StoredTensor {
    const stored = this.tensors.get(tensorName);
    if (!stored) throw new WeightsError(`${this.name} has no tensor ${tensorName}.`);
    return stored;
  }
}

/** Values [columns, rows] as a tensor of `shape` [rows, columns]. */
function transposed(values: Float32Array, shape: Shape): Float32Array<ArrayBuffer> {
  const [rows, columns] = shape as [number, number];
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      out[row * columns + column] = values[column * rows + row] as number;
  }
  return out;
}

async function bytesOf(blob: Blob, begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await blob.slice(begin, end).arrayBuffer());
}
