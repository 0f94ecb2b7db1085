import { expect, test } from 'vitest';
import { headerLength, parseHeader, type StoredTensor, WeightsError } from './header';
import { SafetensorsFile } from './safetensors-file';

/**
 * Headers damaged in every way that a disk, a network or a stranger may damage them: each is refused in a sentence, or read
 * as tensors that lie in the file one behind the other. 240,000 of them, drawn from a fixed seed.
 */
const MUTATIONS = 240_000;

/** Bytes of one element of every dtype; the source's own table must not vouch for itself. */
const BYTES: Readonly<Record<string, number>> = {
  ...{ F64: 8, F32: 4, F16: 2, BF16: 2, F8_E4M3: 1, F8_E5M2: 1 },
  ...{ I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1 },
};

type Random = (below: number) => number;
type Header = Record<string, unknown>;

/** Marsaglia's xorshift32. */
function xorshift(seed: number): Random {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const pick = <T>(random: Random, values: readonly T[]): T => values[random(values.length)] as T;

const BASE: Header = {
  __metadata__: { format: 'pt' },
  'conv.weight': { dtype: 'F16', shape: [2, 3, 1], data_offsets: [0, 12] },
  'conv.bias': { dtype: 'F32', shape: [2], data_offsets: [12, 20] },
  'norm.weight': { dtype: 'F8_E4M3', shape: [4], data_offsets: [20, 24] },
  scalar: { dtype: 'BF16', shape: [], data_offsets: [24, 26] },
  empty: { dtype: 'I64', shape: [0, 7], data_offsets: [26, 26] },
};
const DATA_BYTES = 26;

function fileOf(json: string, dataBytes = DATA_BYTES): Uint8Array<ArrayBuffer> {
  const header = new TextEncoder().encode(json);
  const file = new Uint8Array(8 + header.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  return file;
}

const sound = fileOf(JSON.stringify(BASE));

/** Values that numbers, names and lists are not. */
const STRANGE = [
  ...[null, true, '', '4', [], {}, [[]], [0], 'F32', 'F33', 'constructor', '__proto__'],
  ...[-1, -0, 0, 0.5, 1, 2, 12, 26, 1e21, 1e308, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2 ** 64],
  ...[
    [2 ** 32, 2 ** 32],
    [1, 1, 1, 1, 1, 1, 1, 1, 1],
    [0, 2 ** 53 - 1],
    [2 ** 53 - 1, 2 ** 53 - 1],
    [26, 0],
    [-2, -3],
  ],
];
const TEXTS = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '1',
  '9',
  '-',
  'e9',
  '.',
  ' ',
  '\u0000',
  '\ud800',
  '1e400',
  'null',
];

/** One way of damage each; what it returns is a file. */
const DAMAGE: readonly ((random: Random) => Uint8Array<ArrayBuffer>)[] = [
  function bytesAnywhere(random) {
    const file = sound.slice();
    for (let i = random(4); i >= 0; i--) file[random(file.length)] = random(256);
    return file;
  },
  function aBitOfTheHeader(random) {
    const file = sound.slice();
    const at = random(file.length - DATA_BYTES);
    file[at] = (file[at] as number) ^ (1 << random(8));
    return file;
  },
  function anotherLength(random) {
    const file = sound.slice();
    const lengths = [
      0n,
      1n,
      2n ** 23n,
      2n ** 23n + 1n,
      2n ** 53n,
      2n ** 64n - 1n,
      BigInt(random(600)),
      BigInt(random(2 ** 31)),
    ];
    new DataView(file.buffer).setBigUint64(0, pick(random, lengths), true);
    return file;
  },
  (random) => sound.slice(0, random(sound.length)),
  (random) => fileOf(JSON.stringify(BASE), random(2 * DATA_BYTES)),
  (random) => fileOf(JSON.stringify(withStrangeValue(random))),
  (random) => fileOf(JSON.stringify(withStrangeValue(random, withStrangeValue(random)))),
  (random) => fileOf(JSON.stringify(withOtherNames(random))),
  function textInserted(random) {
    const json = JSON.stringify(BASE);
    const at = random(json.length);
    return fileOf(json.slice(0, at) + pick(random, TEXTS) + json.slice(at + random(3)));
  },
  function aPartTwice(random) {
    const json = JSON.stringify(BASE);
    const [a, b] = [random(json.length), random(json.length)];
    return fileOf(json.slice(0, Math.max(a, b)) + json.slice(Math.min(a, b)));
  },
];

/** The header with one value, at any depth, replaced or gone. */
function withStrangeValue(random: Random, header: Header = BASE): Header {
  const copy = structuredClone(header);
  let parent: Header = copy;
  for (;;) {
    const keys = Object.keys(parent);
    if (keys.length === 0) return copy;
    const key = pick(random, keys);
    const value = parent[key];
    if (typeof value === 'object' && value !== null && random(5) > 0) {
      parent = value as Header;
      continue;
    }
    if (random(6) === 0) delete parent[key];
    else parent[key] = pick(random, STRANGE);
    return copy;
  }
}

/** Tensors renamed, repeated under another name, or moved by some bytes. */
function withOtherNames(random: Random): Header {
  const entries = Object.entries(structuredClone(BASE));
  const [name, entry] = pick(random, entries);
  const moved = structuredClone(entry) as { data_offsets?: number[] };
  if (random(2)) moved.data_offsets = (moved.data_offsets ?? [0, 0]).map((offset) => offset + random(5) - 2);
  const other = pick(random, ['__proto__', '', 'conv.bias', '__metadata__', 'x'.repeat(random(300)), `${name}.2`]);
  return Object.fromEntries([...entries.filter(() => random(8) > 0), [other, moved]]);
}

function read(file: Uint8Array): ReadonlyMap<string, StoredTensor> {
  const length = headerLength('m.safetensors', file.subarray(0, 8), file.length);
  return parseHeader('m.safetensors', file.subarray(8, 8 + length), file.length);
}

/** What is wrong with tensors that were accepted; undefined if nothing is. */
function inconsistency(tensors: ReadonlyMap<string, StoredTensor>, file: Uint8Array): string | undefined {
  let position = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
  for (const { dtype, shape, begin, end } of [...tensors.values()].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    const bytes = shape.reduce((count, size) => count * BigInt(size), BigInt(BYTES[dtype] ?? Number.NaN));
    if (begin !== position || BigInt(end - begin) !== bytes) return `[${shape}] of ${dtype} lies at ${begin} to ${end}`;
    position = end;
  }
  return position === file.length ? undefined : `the tensors end at ${position} of ${file.length} bytes`;
}

test('every damaged header is refused in a sentence, or read as tensors that fill the file', () => {
  const random = xorshift(20_261_120);
  let refused = 0;
  for (let i = 0; i < MUTATIONS; i++) {
    const file = (DAMAGE[i % DAMAGE.length] as (typeof DAMAGE)[number])(random);
    let tensors: ReadonlyMap<string, StoredTensor>;
    try {
      tensors = read(file);
    } catch (error) {
      // Not by `expect`: a quarter of a million of them would take longer than the work.
      if (error instanceof WeightsError && /^m\.safetensors.*\.$/s.test(error.message) && error.message.length < 1000) {
        refused++;
        continue;
      }
      throw new Error(`Mutation ${i} gave ${error}: ${JSON.stringify(new TextDecoder().decode(file))}`);
    }
    const wrong = inconsistency(tensors, file);
    if (wrong)
      throw new Error(`Mutation ${i} was accepted, but ${wrong}: ${JSON.stringify(new TextDecoder().decode(file))}`);
  }
  // Both ways out are taken: damage that only changes a number of the data is none.
  expect(refused).toBeGreaterThan(MUTATIONS / 2);
  expect(MUTATIONS - refused).toBeGreaterThan(MUTATIONS / 50);
}, 60_000);

test('of a file of any size no more than 8 MiB is read to refuse it', async () => {
  const random = xorshift(1);
  for (let i = 0; i < 300; i++) {
    const asked: number[] = [];
    const first = new Uint8Array(new BigUint64Array([1n << BigInt(random(64))]).buffer);
    // All zeros: no JSON.
    const blob = Object.assign(new Blob([]), {
      slice(begin: number, end: number) {
        asked.push(end - begin);
        return new Blob([begin === 0 ? first : new Uint8Array(end - begin)]);
      },
    });
    Object.defineProperty(blob, 'size', { value: 2 ** 40 });
    await expect(SafetensorsFile.open('m.safetensors', blob)).rejects.toThrow(WeightsError);
    expect(Math.max(...asked)).toBeLessThanOrEqual(8 * 2 ** 20);
  }
}, 60_000);
