import type { CheckpointFiles } from '../../src/checkpoints/checkpoint';
import type { Graph } from '../../src/onnx/graph';
import { SafetensorsFile } from '../../src/safetensors/safetensors-file';
import type { Tensor } from '../../src/tensor/tensor';
import type { SessionNetwork } from '../../workers/inference/network';

/** One comparison with the reference. */
export interface Check {
  readonly stage: string;
  readonly case: string;
  /** Largest difference; over the largest value expected, unless `absolute`. */
  readonly error: number;
  readonly limit: number;
  readonly absolute?: boolean;
}

/** A folder of reference data, and a way to run graphs. The same checks run in Node and in a browser. */
export interface Bench {
  readonly files: CheckpointFiles;
  open(graph: Graph, blobs: ReadonlyMap<string, Blob>): Promise<SessionNetwork>;
}

/** A reference file's tensors, read by the shipped reader. */
export class Reference {
  private constructor(private readonly file: SafetensorsFile) {}

  static async open({ files }: Bench, path: string): Promise<Reference> {
    return new Reference(await SafetensorsFile.open(path, await files.open(path)));
  }

  get names(): string[] {
    return [...this.file.tensors.keys()];
  }

  has(name: string): boolean {
    return this.file.tensors.has(name);
  }

  read(name: string): Promise<Tensor> {
    return this.file.read(name);
  }
}

export async function readJson<T>({ files }: Bench, path: string): Promise<T> {
  return JSON.parse(await (await files.open(path)).text()) as T;
}

/** max |actual - expected|; infinite where a number is NaN or the counts differ. */
export function maxError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] as number) - (expected[i] as number));
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return worst;
}

/** max |actual - expected| / max |expected| */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i] as number));
  return maxError(actual, expected) / (largest || 1);
}
