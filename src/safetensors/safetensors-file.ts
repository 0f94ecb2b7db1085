import { DTYPE_BYTES } from '../tensor/dtype';
import { elementCount, type Shape, type Tensor, tensor } from '../tensor/tensor';
import {
  CONVERTIBLE,
  type Convertible,
  convert,
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
    const stored = this.#find(tensorName);
    const dtype = this.#convertible(tensorName, stored);
    return tensor(stored.shape, widen(await this.#elements(stored, dtype, 0, elementCount(stored.shape)), dtype));
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
    const stored = this.#find(tensorName);
    const from = this.#convertible(tensorName, stored);
    const size = DTYPE_BYTES[dtype];
    return convert(await this.#elements(stored, from, begin / size, end / size), from, dtype);
  }

  /** @throws WeightsError unless the tensor is stored as numbers that can be weights */
  checkConvertible(tensorName: string): void {
    this.#convertible(tensorName, this.#find(tensorName));
  }

  /** The elements `[first, last)` as they are stored. */
  async #elements(stored: StoredTensor, dtype: Convertible, first: number, last: number): Promise<ArrayBuffer> {
    const size = storedSize(dtype);
    if (!stored.transposed) {
      return (await bytesOf(this.blob, stored.begin + size * first, stored.begin + size * last)).buffer;
    }
    // What is turned is read whole: its neighbours lie far apart. Such tensors have a few megabytes.
    const whole = transposed(await bytesOf(this.blob, stored.begin, stored.end), stored.shape, size);
    return whole.slice(size * first, size * last).buffer;
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

/** The bytes of a matrix [columns, rows] as one of `shape` [rows, columns]. */
function transposed(bytes: Uint8Array, shape: Shape, size: number): Uint8Array<ArrayBuffer> {
  const [rows, columns] = shape as [number, number];
  const out = new Uint8Array(bytes.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const from = size * (column * rows + row);
      const to = size * (row * columns + column);
      for (let i = 0; i < size; i++) out[to + i] = bytes[from + i] as number;
    }
  }
  return out;
}

async function bytesOf(blob: Blob, begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await blob.slice(begin, end).arrayBuffer());
}
