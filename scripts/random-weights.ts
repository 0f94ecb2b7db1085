import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Generator } from '../src/random/generator';
import { narrowToFloat16 } from '../src/tensor/half';
import { elementCount, type Shape } from '../src/tensor/tensor';

/** Names and shapes of a network's tensors, as reference/manifest lists them. */
export type TensorList = readonly (readonly [name: string, shape: Shape])[];

/** Small enough that no sum in a network grows beyond what float16 holds. */
const SPREAD = 0.02;

/** A prime, so that the rows of no matrix repeat each other though all are cut from one block of random numbers. */
const BLOCK_VALUES = 4_194_301;

/** Elements of all tensors. */
const parameterCount = (tensors: TensorList): number =>
  tensors.reduce((sum, [, shape]) => sum + elementCount(shape), 0);

/** Bytes of the file that `writeRandomWeights` makes. */
export const randomWeightsBytes = (tensors: TensorList): number =>
  headerOf(tensors).byteLength + 2 * parameterCount(tensors);

/** Writes a safetensors file of random float16 weights: normal numbers around 0, the norms' scales around 1. */
export async function writeRandomWeights(path: string, tensors: TensorList): Promise<void> {
  await pipeline(Readable.from(fileOf(tensors)), createWriteStream(path));
}

function* fileOf(tensors: TensorList): Iterable<Uint8Array> {
  yield headerOf(tensors);
  const { data } = new Generator(0).randn([BLOCK_VALUES]);
  const around = (mean: number) => new Uint8Array(narrowToFloat16(data.map((x) => mean + SPREAD * x)).buffer);
  const [zeroes, ones] = [around(0), around(1)];
  let at = 0;
  for (const [name, shape] of tensors) {
    const block = name.endsWith('.weight') && shape.length === 1 ? ones : zeroes;
    for (let left = 2 * elementCount(shape); left > 0; ) {
      const part = block.subarray(at, at + left);
      yield part;
      left -= part.byteLength;
      at = (at + part.byteLength) % block.byteLength;
    }
  }
}

function headerOf(tensors: TensorList): Uint8Array {
  let end = 0;
  const entries = tensors.map(([name, shape]) => {
    const begin = end;
    end += 2 * elementCount(shape);
    return [name, { dtype: 'F16', shape, data_offsets: [begin, end] }] as const;
  });
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const header = Buffer.alloc(8 + Math.ceil(json.byteLength / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.byteLength - 8));
  header.set(json, 8);
  return header;
}
