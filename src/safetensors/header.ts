import type { Shape } from '../tensor/tensor';

/**
 * The header of a safetensors file: 8 bytes of length (u64, little endian), then that many bytes of JSON, then the
 * tensors' bytes. Headers come from strangers, so every number is checked before it is used.
 * Format: https://github.com/huggingface/safetensors#format
 */

/** Bits of one element of every dtype the format names and a checkpoint may hold. */
const DTYPE_BITS = {
  F64: 64,
  F32: 32,
  F16: 16,
  BF16: 16,
  F8_E4M3: 8,
  F8_E5M2: 8,
  I64: 64,
  I32: 32,
  I16: 16,
  I8: 8,
  U64: 64,
  U32: 32,
  U16: 16,
  U8: 8,
  BOOL: 8,
} as const;

/** An element type, by its name in the header. */
export type StoredDType = keyof typeof DTYPE_BITS;

/** Where one tensor lies: `[begin, end)` in bytes from the start of the file. */
export interface StoredTensor {
  readonly dtype: StoredDType;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
  /** The file holds the tensor's two axes the other way round. No header says so: only who knows another layout of names. */
  readonly transposed?: true;
}

/** A weight file that cannot be used; the message says which, what was expected and what was found. */
export class WeightsError extends Error {
  override readonly name = 'WeightsError';
}

/** Headers of real checkpoints have 0.2 MB; a length far above that is a damaged or hostile file. */
const MAX_HEADER_BYTES = 8 * 1024 * 1024;

/** Real weights have at most 5. */
const MAX_AXES = 8;

/**
 * The length of the JSON part, from the file's first 8 bytes.
 *
 * @throws WeightsError if the file is too short, or the length is impossible or above 8 MiB
 */
export function headerLength(file: string, first8: Uint8Array, fileSize: number): number {
  if (first8.byteLength < 8) throw new WeightsError(`${file} has ${fileSize} bytes: too short for a safetensors file.`);
  const length = new DataView(first8.buffer, first8.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw new WeightsError(`${file} announces a header of ${length} bytes: it is damaged, or not a safetensors file.`);
  }
  if (8 + Number(length) > fileSize) {
    throw new WeightsError(`${file} ends inside its header: the file is truncated. Fetch it again.`);
  }
  return Number(length);
}

/**
 * Reads the JSON part. The tensors returned are inside the file, of known dtypes, of matching shape and length, and
 * cover the data without gap or overlap.
 *
 * @throws WeightsError naming the tensor and what is wrong with it
 */
export function parseHeader(file: string, json: Uint8Array, fileSize: number): ReadonlyMap<string, StoredTensor> {
  const entries = readJson(file, json);
  const dataStart = 8 + json.byteLength;
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(entries)) {
    if (name !== '__metadata__') tensors.set(name, checkEntry(`${file}: tensor ${shortened(name)}`, entry, dataStart));
  }
  checkCoverage(file, tensors, dataStart, fileSize);
  return tensors;
}

function readJson(file: string, json: Uint8Array): Record<string, unknown> {
  let text: string;
  let parsed: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(json);
    parsed = JSON.parse(text);
  } catch {
    throw new WeightsError(`${file} has a header that is not JSON: it is damaged, or not a safetensors file.`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new WeightsError(`${file} has a header that is not a JSON object.`);
  }
  const repeated = repeatedKey(text);
  if (repeated !== undefined) throw new WeightsError(`${file} has a header that says ${brief(repeated)} twice.`);
  return parsed as Record<string, unknown>;
}

/**
 * The first key that an object of a JSON text has twice. JSON.parse takes the last and says nothing, other readers the
 * first: what two programs read differently has no place in a weight file.
 */
function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  // Valid JSON: every brace outside a string opens or ends an object, and a string before a colon is a key.
  for (const [token, key] of json.matchAll(/[{}]|("(?:[^"\\]|\\.)*")(?:\s*:)?/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (key && token.endsWith(':')) {
      const name = JSON.parse(key) as string;
      if (open.at(-1)?.has(name)) return name;
      open.at(-1)?.add(name);
    }
  }
  return undefined;
}

/** A value for a message; what a stranger wrote may be megabytes, or a nest that only JSON.parse can climb. */
function brief(value: unknown): string {
  try {
    return shortened(JSON.stringify(value) ?? 'undefined');
  } catch {
    return 'a nest without end';
  }
}

const shortened = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}...` : text);

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function checkEntry(what: string, entry: unknown, dataStart: number): StoredTensor {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPE_BITS, dtype)) {
    throw new WeightsError(`${what} has the unknown dtype ${brief(dtype)}.`);
  }
  if (!Array.isArray(shape) || shape.length > MAX_AXES || !shape.every(isSize)) {
    throw new WeightsError(`${what} has no valid shape: ${brief(shape)}.`);
  }
  if (
    !Array.isArray(offsets) ||
    offsets.length !== 2 ||
    !offsets.every(isSize) ||
    (offsets[0] as number) > (offsets[1] as number)
  ) {
    throw new WeightsError(`${what} has no valid data_offsets: ${brief(offsets)}.`);
  }
  const [begin, end] = offsets as [number, number];
  // BigInt: a hostile shape may pass 2^53.
  const bytes =
    (shape.reduce((count: bigint, size) => count * BigInt(size), 1n) * BigInt(DTYPE_BITS[dtype as StoredDType])) / 8n;
  if (bytes !== BigInt(end - begin)) {
    throw new WeightsError(
      `${what} of shape [${shape}] in ${dtype} needs ${bytes} bytes; its data_offsets span ${end - begin}.`,
    );
  }
  return { dtype: dtype as StoredDType, shape, begin: dataStart + begin, end: dataStart + end };
}

function checkCoverage(file: string, tensors: ReadonlyMap<string, StoredTensor>, dataStart: number, fileSize: number) {
  let position = dataStart;
  for (const [name, { begin, end }] of [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    if (begin < position) throw new WeightsError(`${file}: tensor ${shortened(name)} overlaps the one before it.`);
    if (begin > position)
      throw new WeightsError(
        `${file}: ${begin - position} bytes before tensor ${shortened(name)} belong to no tensor.`,
      );
    position = end;
  }
  if (position > fileSize) {
    throw new WeightsError(
      `${file} has ${fileSize} bytes, but its header describes ${position}: it is truncated. Fetch it again.`,
    );
  }
  if (position < fileSize) {
    throw new WeightsError(`${file} has ${fileSize} bytes, but its header describes only ${position}: it is damaged.`);
  }
}
