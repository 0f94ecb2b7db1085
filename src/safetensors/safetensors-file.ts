import { DTYPE_BYTES } from '../tensor/dtype';
import { narrowToFloat16, widenBfloat16, widenFloat16 } from '../tensor/half';
import { type Tensor, tensor } from '../tensor/tensor';
import { headerLength, parseHeader, type StoredTensor, WeightsError } from './header';

/** Dtypes that hold weights, and how their bytes become float32. */
const WIDEN = {
  F32: (bytes: ArrayBuffer) => new Float32Array(bytes),
  F16: (bytes: ArrayBuffer) => widenFloat16(new Uint16Array(bytes)),
  BF16: (bytes: ArrayBuffer) => widenBfloat16(new Uint16Array(bytes)),
} as const;

/** Bytes of one element of each. */
const STORED_BYTES = { F32: 4, F16: 2, BF16: 2 } as const;

/** What a graph may ask a tensor to be. */
export type WeightDType = 'float32' | 'float16';

const SAME: Readonly<Record<WeightDType, string>> = { float32: 'F32', float16: 'F16' };

type Convertible = keyof typeof WIDEN;

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

  /** One tensor, widened to float32. For small tensors and checks; graphs read theirs by `Weights`. */
  async read(tensorName: string): Promise<Tensor> {
    const stored = this.#find(tensorName);
    const bytes = await bytesOf(this.blob, stored.begin, stored.end);
    return tensor(stored.shape, WIDEN[this.#convertible(tensorName, stored)](bytes.buffer));
  }

  /** Whether a tensor's bytes are already what a graph of `dtype` wants. */
  holdsAs(tensorName: string, dtype: WeightDType): boolean {
    return this.#find(tensorName).dtype === SAME[dtype];
  }

  /**
   * The bytes `[begin, end)` of a tensor converted to `dtype`; positions count in converted bytes and are multiples of
   * an element.
   *
   * @throws WeightsError if the tensor is stored as integers or in a dtype not known as a weight's
   */
  async readAs(tensorName: string, dtype: WeightDType, begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    const stored = this.#find(tensorName);
    const convertible = this.#convertible(tensorName, stored);
    const ratio = STORED_BYTES[convertible] / DTYPE_BYTES[dtype];
    const bytes = await bytesOf(this.blob, stored.begin + begin * ratio, stored.begin + end * ratio);
    const values = WIDEN[convertible](bytes.buffer);
    return new Uint8Array(dtype === 'float32' ? values.buffer : narrowToFloat16(values).buffer);
  }

  /** @throws WeightsError unless the tensor is stored as numbers that can be weights */
  checkConvertible(tensorName: string): void {
    this.#convertible(tensorName, this.#find(tensorName));
  }

  #convertible(tensorName: string, { dtype }: StoredTensor): Convertible {
    if (dtype in WIDEN) return dtype as Convertible;
    throw new WeightsError(
      `${this.name}: tensor ${tensorName} is stored as ${dtype}; weights are read from F32, F16 or BF16.`,
    );
  }

  #find(tensorName: string): StoredTensor {
    const stored = this.tensors.get(tensorName);
    if (!stored) throw new WeightsError(`${this.name} has no tensor ${tensorName}.`);
    return stored;
  }
}

async function bytesOf(blob: Blob, begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await blob.slice(begin, end).arrayBuffer());
}
