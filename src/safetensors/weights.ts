import { DTYPE_BYTES } from '../tensor/dtype';
import { elementCount, type Shape } from '../tensor/tensor';
import type { WeightDType } from './convert';
import { WeightsError } from './header';
import type { SafetensorsFile } from './safetensors-file';
import { VirtualBlob } from './virtual-blob';

/** Where the bytes of one initializer lie: ONNX external data. */
export interface Location {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/**
 * The weights of one network, in one file or several shards. `locate` tells a graph where a tensor's bytes lie; `blobs`
 * are what ONNX Runtime must be given so that it finds them there. A tensor stored in the dtype asked for is used where
 * it lies in the user's file; any other becomes a virtual file of its own, converted as it is read.
 */
export class Weights {
  readonly #files: readonly SafetensorsFile[];
  readonly #blobs = new Map<string, Blob>();

  constructor(files: readonly SafetensorsFile[]) {
    this.#files = files;
  }

  /** Names of all tensors in the files. */
  get names(): string[] {
    return this.#files.flatMap((file) => [...file.tensors.keys()]);
  }

  /** Every location that `locate` has named so far, with its bytes. */
  get blobs(): ReadonlyMap<string, Blob> {
    return this.#blobs;
  }

  /**
   * Where the tensor's bytes lie, as `dtype`.
   *
   * @throws WeightsError if no file has the tensor, its shape is another, or its dtype cannot be converted
   */
  locate = (name: string, shape: Shape, dtype: WeightDType): Location => {
    const file = this.#files.find(({ tensors }) => tensors.has(name));
    const stored = file?.tensors.get(name);
    if (!file || !stored) {
      throw new WeightsError(
        `${this.#files.map((f) => f.name).join(', ')}: tensor ${name} of shape [${shape}] is missing.`,
      );
    }
    if (stored.shape.length !== shape.length || stored.shape.some((size, axis) => size !== shape[axis])) {
      throw new WeightsError(
        `${file.name}: tensor ${name} has shape [${stored.shape}], the config asks for [${shape}].`,
      );
    }
    if (file.holdsAs(name, dtype)) {
      this.#blobs.set(file.name, file.blob);
      return { location: file.name, offset: stored.begin, length: stored.end - stored.begin };
    }
    file.checkConvertible(name);
    const location = `${file.name}/${name}.${dtype}`;
    const length = elementCount(shape) * DTYPE_BYTES[dtype];
    this.#blobs.set(location, new VirtualBlob(length, (begin, end) => file.readAs(name, dtype, begin, end)));
    return { location, offset: 0, length };
  };
}
