import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { headerLength, parseHeader, type StoredTensor, WeightsError } from './header';

/** Bytes of one element, written out again: the source's own table must not vouch for itself. */
const BYTES = { F64: 8, F32: 4, F16: 2, BF16: 2, F8_E4M3: 1, F8_E5M2: 1, I64: 8, I32: 4, U8: 1, BOOL: 1 } as const;

/** A file of this header text and so many bytes of data. */
function file(header: string, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

function read(bytes: Uint8Array): ReadonlyMap<string, StoredTensor> {
  const length = headerLength('m.safetensors', bytes.subarray(0, 8), bytes.length);
  return parseHeader('m.safetensors', bytes.subarray(8, 8 + length), bytes.length);
}

const entry = (shape: unknown, begin: unknown, end: unknown, dtype: unknown = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

/** A file of these entries that claims to have as many bytes of data. */
const fileOf = (entries: Readonly<Record<string, unknown>>, dataBytes: number) =>
  file(JSON.stringify(entries), dataBytes);

test('a header tells where each tensor lies in the file', () => {
  const json = JSON.stringify({
    __metadata__: { format: 'pt' },
    b: entry([2], 12, 16, 'F16'),
    a: entry([3, 1], 0, 12),
  });
  const start = 8 + json.length;
  expect(read(file(json, 16))).toEqual(
    new Map([
      ['b', { dtype: 'F16', shape: [2], begin: start + 12, end: start + 16 }],
      ['a', { dtype: 'F32', shape: [3, 1], begin: start, end: start + 12 }],
    ]),
  );
});

test('scalars, empty tensors and padded headers are sound', () => {
  const tensors = read(file(`${JSON.stringify({ s: entry([], 0, 4), e: entry([0, 7], 4, 4) })}   `, 4));
  expect([...tensors.keys()]).toEqual(['s', 'e']);
});

describe('refuses', () => {
  test.each([
    ['an empty file', new Uint8Array(0), 'm.safetensors has 0 bytes: too short for a safetensors file.'],
    ['a file of 7 bytes', new Uint8Array(7), 'm.safetensors has 7 bytes: too short for a safetensors file.'],
    [
      'a file that ends inside its header',
      fileOf({ a: entry([1], 0, 4) }, 4).subarray(0, 20),
      'm.safetensors ends inside its header: the file is truncated. Fetch it again.',
    ],
    [
      'a header of 200 MB',
      Uint8Array.of(0, 0xc2, 0xeb, 0x0b, 0, 0, 0, 0, 123, 125),
      'm.safetensors announces a header of 200000000 bytes: it is damaged, or not a safetensors file.',
    ],
    [
      'a header of 2^64 - 1 bytes',
      new Uint8Array(16).fill(255),
      'm.safetensors announces a header of 18446744073709551615 bytes: it is damaged, or not a safetensors file.',
    ],
    [
      'a file that ends inside its data',
      fileOf({ a: entry([4], 0, 16) }, 15),
      /^m\.safetensors has \d+ bytes, but its header describes \d+: it is truncated\. Fetch it again\.$/,
    ],
    [
      'a file with more behind its data',
      fileOf({ a: entry([4], 0, 16) }, 17),
      /^m\.safetensors has \d+ bytes, but its header describes only \d+: it is damaged\.$/,
    ],
  ])('%s', (_, bytes, message) => {
    expect(refusal(bytes)).toMatch(message);
  });

  test.each([
    ['text', 'hello'],
    ['an unfinished object', '{"a": {'],
    ['nothing', ''],
    ['a nest without end', '['.repeat(100_000)],
  ])('a header that is %s', (_, header) => {
    expect(refusal(file(header, 0))).toBe(
      'm.safetensors has a header that is not JSON: it is damaged, or not a safetensors file.',
    );
  });

  test('a header that is not UTF-8', () => {
    const bytes = file('{"a": 1}', 0);
    bytes[10] = 0xff;
    expect(refusal(bytes)).toMatch('a header that is not JSON');
  });

  test.each(['[]', 'null', '7', '"text"'])('the JSON value %s', (header) => {
    expect(refusal(file(header, 0))).toBe('m.safetensors has a header that is not a JSON object.');
  });

  test.each([
    ['an unknown dtype', entry([1], 0, 4, 'F33'), 'has the unknown dtype "F33".'],
    ['a dtype of every object', entry([1], 0, 4, 'constructor'), 'has the unknown dtype "constructor".'],
    ['a dtype that is a number', entry([1], 0, 4, 32), 'has the unknown dtype 32.'],
    ['no dtype', {}, 'has the unknown dtype undefined.'],
    ['no entry', null, 'has the unknown dtype undefined.'],
    ['a negative size', entry([-1], 0, 4), 'has no valid shape: [-1].'],
    ['a fractional size', entry([0.5], 0, 2), 'has no valid shape: [0.5].'],
    ['a huge size', entry([1e300], 0, 4), 'has no valid shape: [1e+300].'],
    ['a size beyond 2^53', entry([2 ** 53], 0, 4), 'has no valid shape: [9007199254740992].'],
    ['a size that is text', entry(['4'], 0, 16), 'has no valid shape: ["4"].'],
    ['a shape that is a number', entry(4, 0, 16), 'has no valid shape: 4.'],
    ['more axes than any weight', entry(Array(100_000).fill(1), 0, 4), /has no valid shape: \[1(,1)+,?\.\.\.\.$/],
    ['a negative offset', entry([1], -4, 0), 'has no valid data_offsets: [-4,0].'],
    ['a fractional offset', entry([1], 0, 4.5), 'has no valid data_offsets: [0,4.5].'],
    ['a huge offset', entry([1], 0, 1e300), 'has no valid data_offsets: [0,1e+300].'],
    ['offsets the wrong way round', entry([1], 4, 0), 'has no valid data_offsets: [4,0].'],
    ['one offset', { dtype: 'F32', shape: [1], data_offsets: [0] }, 'has no valid data_offsets: [0].'],
    ['no offsets', { dtype: 'F32', shape: [1] }, 'has no valid data_offsets: undefined.'],
    ['too few bytes', entry([2, 3], 0, 20), 'of shape [2,3] in F32 needs 24 bytes; its data_offsets span 20.'],
    ['too many bytes', entry([2, 3], 0, 28), 'of shape [2,3] in F32 needs 24 bytes; its data_offsets span 28.'],
    [
      'a product that wraps 64 bits round to 0',
      entry([2 ** 32, 2 ** 32], 0, 0),
      'of shape [4294967296,4294967296] in F32 needs 73786976294838206464 bytes; its data_offsets span 0.',
    ],
  ])('a tensor with %s', (_, tensor, message) => {
    const text = refusal(fileOf({ 'conv.weight': tensor }, 24));
    expect(text).toMatch(/^m\.safetensors: tensor conv\.weight /);
    expect(text).toMatch(message);
  });

  test.each(['dtype', 'shape', 'data_offsets'])('a %s that nests deeper than a message can', (key) => {
    const fields = {
      dtype: '"F32"',
      shape: '[1]',
      data_offsets: '[0,4]',
      [key]: `${'['.repeat(1e5)}${']'.repeat(1e5)}`,
    };
    const tensor = Object.entries(fields).map(([name, value]) => `"${name}":${value}`);
    expect(refusal(file(`{"a":{${tensor}}}`, 4))).toMatch(
      /^m\.safetensors: tensor a has .*: a nest without end\.|dtype a nest/,
    );
  });

  test('a tensor whose name is a megabyte, in a message of a line', () => {
    const text = refusal(fileOf({ ['x'.repeat(1e6)]: entry([1], 0, 8) }, 8));
    expect(text).toMatch(
      /^m\.safetensors: tensor x{80}\.\.\. of shape \[1\] in F32 needs 4 bytes; its data_offsets span 8\.$/,
    );
  });

  test('tensors that overlap', () => {
    const bytes = fileOf({ a: entry([2], 0, 8), b: entry([2], 4, 12) }, 12);
    expect(refusal(bytes)).toBe('m.safetensors: tensor b overlaps the one before it.');
  });

  test('bytes that belong to no tensor', () => {
    const between = fileOf({ b: entry([1], 7, 11), a: entry([1], 0, 4) }, 11);
    expect(refusal(between)).toBe('m.safetensors: 3 bytes before tensor b belong to no tensor.');
    const before = fileOf({ a: entry([1], 4, 8) }, 8);
    expect(refusal(before)).toBe('m.safetensors: 4 bytes before tensor a belong to no tensor.');
  });

  test.each([
    ['a tensor', '{"a": E, "a": E}', '"a"'],
    ['a tensor, once in escapes', '{"a": E, "\\u0061": E}', '"a"'],
    ['a field', '{"a": {"dtype": "F32", "dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}', '"dtype"'],
    ['a name with quotes and braces', '{"}\\"{": E, "}\\"{": E}', '"}\\"{"'],
  ])('%s said twice', (_, header, key) => {
    const bytes = file(header.replaceAll('E', JSON.stringify(entry([1], 0, 4))), 4);
    expect(refusal(bytes)).toBe(`m.safetensors has a header that says ${key} twice.`);
  });
});

test('names that look like structure are names', () => {
  const names = ['{', '}"', 'a:b', '\\', '__proto__', 'constructor', 'a\nb', 'ä'];
  const entries = names.map((name, i) => `${JSON.stringify(name)}: ${JSON.stringify(entry([1], 4 * i, 4 * i + 4))}`);
  expect([...read(file(`{${entries.join(', ')}}`, 4 * names.length)).keys()]).toEqual(names);
});

/** Some tensors, and the file that holds them one behind the other. */
const tensors = fc
  .array(
    fc.record({
      name: fc.string({ unit: 'binary', maxLength: 12 }).filter((name) => name !== '__metadata__'),
      dtype: fc.constantFrom(...(Object.keys(BYTES) as (keyof typeof BYTES)[])),
      shape: fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 4 }),
    }),
    { maxLength: 8 },
  )
  .map((list) => [...new Map(list.map((tensor) => [tensor.name, tensor])).values()]);

function fileWith(list: readonly { name: string; dtype: keyof typeof BYTES; shape: number[] }[]): Uint8Array {
  let offset = 0;
  const entries = list.map(({ name, dtype, shape }) => {
    const begin = offset;
    offset += shape.reduce((count, size) => count * size, BYTES[dtype]);
    return `${JSON.stringify(name)}: ${JSON.stringify({ dtype, shape, data_offsets: [begin, offset] })}`;
  });
  return file(`{${entries.join(', ')}}`, offset);
}

test('whatever tensors a file holds are read back', () => {
  fc.assert(
    fc.property(tensors, (list) => {
      const found = [...read(fileWith(list))].map(([name, { dtype, shape }]) => ({ name, dtype, shape: [...shape] }));
      // An object lists names that look like array indices first.
      const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
      expect(found.sort(byName)).toEqual([...list].sort(byName));
    }),
  );
});

test('a damaged file is refused or read as a whole, never anything else', () => {
  const damage = fc.array(fc.record({ at: fc.nat(), byte: fc.nat(255) }), { minLength: 1, maxLength: 4 });
  const length = fc.option(fc.nat(400), { nil: undefined });
  let refused = 0;
  fc.assert(
    fc.property(tensors, damage, length, (list, changes, newLength) => {
      const bytes = fileWith(list);
      for (const { at, byte } of changes) bytes[at % bytes.length] = byte;
      const damaged = newLength === undefined ? bytes : bytes.slice(0, newLength);
      try {
        expectConsistent(read(damaged), damaged);
      } catch (error) {
        if (!(error instanceof WeightsError)) throw error;
        refused++;
      }
    }),
    { numRuns: 3000 },
  );
  expect(refused).toBeGreaterThan(1000);
});

test('digits and quotes put anywhere into a header are refused or read as a whole', () => {
  const bytes = fileWith([
    { name: 'conv.weight', dtype: 'F16', shape: [3, 2] },
    { name: 'conv.bias', dtype: 'F32', shape: [5] },
  ]);
  // Bytes that keep JSON valid more often than random ones do.
  const byte = fc.constantFrom(...new TextEncoder().encode('0123456789-.e,:"[]{} '));
  fc.assert(
    fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), byte, (at, value) => {
      const damaged = bytes.slice();
      damaged[at] = value;
      try {
        expectConsistent(read(damaged), damaged);
      } catch (error) {
        if (!(error instanceof WeightsError)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});

/** Tensors of known dtypes and fitting lengths that cover the data without gap or overlap. */
function expectConsistent(found: ReadonlyMap<string, StoredTensor>, bytes: Uint8Array) {
  const start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  let position = start;
  for (const { dtype, shape, begin, end } of [...found.values()].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    const width = { ...BYTES, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2 }[dtype];
    if (begin !== position || end - begin !== shape.reduce((count, size) => count * size, width)) {
      throw new Error(`Tensor at ${begin} to ${end} of shape [${shape}] in ${dtype} follows ${position}.`);
    }
    position = end;
  }
  if (position !== bytes.length) throw new Error(`${bytes.length - position} bytes are left over.`);
}

function refusal(bytes: Uint8Array): string {
  try {
    read(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(WeightsError);
    return (error as WeightsError).message;
  }
  throw new Error('The file was accepted.');
}
