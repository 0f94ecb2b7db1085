import { describe, expect, test } from 'vitest';
import type { StoredTensor, WeightsError } from './header';
import { SafetensorsFile } from './safetensors-file';
import { VirtualBlob } from './virtual-blob';
import { type Location, Weights } from './weights';

/** A file of these tensors, one behind the other. */
function blobOf(
  tensors: Readonly<Record<string, { dtype: string; shape: number[]; bytes: ArrayBufferView<ArrayBuffer> }>>,
) {
  let offset = 0;
  const header = Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => {
    offset += bytes.byteLength;
    return [name, { dtype, shape, data_offsets: [offset - bytes.byteLength, offset] }];
  });
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const length = new BigUint64Array([BigInt(json.length)]);
  return new Blob([length, json, ...Object.values(tensors).map(({ bytes }) => bytes)]);
}

const floats = new Float32Array([1, -2, 0.5, 65504, 1 / 3, 1e-7]);
// float16 and bfloat16 bits of 1, -2, 0.5, 3.
const halves = new Uint16Array([0x3c00, 0xc000, 0x3800, 0x4200]);
const brains = new Uint16Array([0x3f80, 0xc000, 0x3f00, 0x4040]);

const blob = blobOf({
  first: { dtype: 'U8', shape: [1], bytes: new Uint8Array([7]) },
  single: { dtype: 'F32', shape: [2, 3], bytes: floats },
  half: { dtype: 'F16', shape: [4], bytes: halves },
  brain: { dtype: 'BF16', shape: [2, 2], bytes: brains },
  // 1, -2, 0.5, 448 and the smallest, 2^-9; then 1, -2, 0.5.
  eighth: { dtype: 'F8_E4M3', shape: [5], bytes: new Uint8Array([0x38, 0xc0, 0x30, 0x7e, 0x01]) },
  short: { dtype: 'F8_E5M2', shape: [3], bytes: new Uint8Array([0x3c, 0xc0, 0x38]) },
  counts: { dtype: 'I32', shape: [1], bytes: new Int32Array(1) },
});
const open = (name = 'unet/model.safetensors') => SafetensorsFile.open(name, blob);
const weightsOf = async () => new Weights([await open()]);

const expectRefusal = (action: () => unknown, message: string) =>
  expect(action).toThrow(expect.objectContaining({ name: 'WeightsError', message } satisfies Partial<WeightsError>));

describe('a tensor in the dtype asked for', () => {
  test('is used where it lies in the file, at whatever odd offset', async () => {
    const weights = await weightsOf();
    const start = Number(new BigUint64Array(await blob.slice(0, 8).arrayBuffer())[0]) + 8;
    const location = 'unet/model.safetensors';
    expect(weights.locate('single', [2, 3], 'float32')).toEqual({ location, offset: start + 1, length: 24 });
    expect(weights.locate('half', [4], 'float16')).toEqual({ location, offset: start + 25, length: 8 });
    expect([...weights.blobs.keys()]).toEqual([location]);
  });

  test('is read from there, by stream and by arrayBuffer', async () => {
    const weights = await weightsOf();
    const { location, offset, length } = weights.locate('single', [2, 3], 'float32');
    const mounted = weights.blobs.get(location) as Blob;
    expect(mounted.size).toBe(blob.size);
    const part = mounted.slice(offset, offset + length);
    expect(part.size).toBe(24);
    expect(new Float32Array(await part.arrayBuffer())).toEqual(floats);
    expect(new Float32Array((await streamed(part)).buffer)).toEqual(floats);
    expect(new Float32Array((await part.bytes()).buffer)).toEqual(floats);
  });
});

describe('a tensor in another dtype becomes a virtual file', () => {
  test.each([
    ['half', [4], 'float32', new Float32Array([1, -2, 0.5, 3])],
    ['brain', [2, 2], 'float32', new Float32Array([1, -2, 0.5, 3])],
    ['brain', [2, 2], 'float16', halves],
    ['eighth', [5], 'float32', new Float32Array([1, -2, 0.5, 448, 2 ** -9])],
    ['eighth', [5], 'float16', new Uint16Array([0x3c00, 0xc000, 0x3800, 0x5f00, 0x1800])],
    ['short', [3], 'float32', new Float32Array([1, -2, 0.5])],
    ['short', [3], 'float16', new Uint16Array([0x3c00, 0xc000, 0x3800])],
    // 1/3 and 1e-7 round to the nearest half: 0x3555 and 2 * 2^-24.
    ['single', [2, 3], 'float16', new Uint16Array([0x3c00, 0xc000, 0x3800, 0x7bff, 0x3555, 2])],
  ] as const)('%s %j as %s', async (name, shape, dtype, expected) => {
    const weights = await weightsOf();
    const found = weights.locate(name, shape, dtype);
    expect(found).toEqual({
      location: `unet/model.safetensors/${name}.${dtype}`,
      offset: 0,
      length: expected.byteLength,
    });
    const virtual = weights.blobs.get(found.location) as Blob;
    expect(virtual.size).toBe(found.length);
    const bytes = new Uint8Array(expected.buffer);
    expect(new Uint8Array(await virtual.arrayBuffer())).toEqual(bytes);
    expect(await streamed(virtual.slice(0, found.length))).toEqual(bytes);
    // A graph may ask for some rows alone.
    const later = 2 * (found.length / expected.length);
    expect(await virtual.slice(later, found.length).bytes()).toEqual(bytes.subarray(later));
  });

  test('and is the same one when asked for twice', async () => {
    const weights = await weightsOf();
    const [first, second] = [1, 2].map(() => weights.locate('half', [4], 'float32'));
    expect(first).toEqual(second);
    expect(weights.blobs.size).toBe(1);
  });
});

describe('the same bytes seen as another tensor', () => {
  const seen = async () => {
    const file = await open();
    const single = file.tensors.get('single') as StoredTensor;
    const rows = { ...single, shape: [1, 3], begin: single.begin + 12 };
    return new Weights([
      file.seenAs(
        new Map([
          ['rows', rows],
          ['turned', { ...single, shape: [3, 2], transposed: true }],
        ]),
      ),
    ]);
  };
  const read = async ({ blobs }: Weights, { location, offset, length }: Location) =>
    new Float32Array(await ((blobs.get(location) as Blob).slice(offset, offset + length) as VirtualBlob).arrayBuffer());

  test('may be some of its rows, read where they lie', async () => {
    const weights = await seen();
    const found = weights.locate('rows', [1, 3], 'float32');
    expect(found.location).toBe('unet/model.safetensors');
    expect(await read(weights, found)).toEqual(floats.slice(3));
  });

  test('may be the matrix turned, in any dtype, whole or in part', async () => {
    const weights = await seen();
    const found = weights.locate('turned', [3, 2], 'float32');
    const turned = [0, 3, 1, 4, 2, 5].map((i) => floats[i] as number);
    expect(await read(weights, found)).toEqual(new Float32Array(turned));
    expect(await read(weights, { ...found, offset: 8, length: 12 })).toEqual(new Float32Array(turned.slice(2, 5)));
    const half = weights.locate('turned', [3, 2], 'float16');
    const bits = new Uint16Array(await (weights.blobs.get(half.location) as Blob).arrayBuffer());
    expect(bits).toEqual(new Uint16Array([0x3c00, 0x7bff, 0xc000, 0x3555, 0x3800, 2]));
  });

  test('is not found under its old name', async () => {
    const weights = await seen();
    expect(() => weights.locate('single', [2, 3], 'float32')).toThrow('tensor single of shape [2,3] is missing.');
  });
});

describe('refuses, in a sentence,', () => {
  test('a tensor no file has', async () => {
    const { locate } = new Weights([await open('unet/a.safetensors'), await open('unet/b.safetensors')]);
    expectRefusal(
      () => locate('conv_in.weight', [320, 8, 3, 3], 'float16'),
      'unet/a.safetensors, unet/b.safetensors: tensor conv_in.weight of shape [320,8,3,3] is missing.',
    );
  });

  test.each([[[3, 2]], [[6]], [[2, 3, 1]]])('a tensor of another shape, %j', async (shape) => {
    const { locate } = await weightsOf();
    expectRefusal(
      () => locate('single', shape, 'float32'),
      `unet/model.safetensors: tensor single has shape [2,3], the config asks for [${shape}].`,
    );
  });

  test('a tensor in a dtype that is no weight’s', async () => {
    const weights = await weightsOf();
    expectRefusal(
      () => weights.locate('counts', [1], 'float16'),
      'unet/model.safetensors: tensor counts is stored as I32; weights are read from F32, F16, BF16, F8_E4M3 or F8_E5M2.',
    );
    expect(weights.blobs.size).toBe(0);
  });

  test('a name that the file itself does not have', async () => {
    await expect((await open()).read('nothing')).rejects.toThrow('unet/model.safetensors has no tensor nothing.');
  });

  test('a file that is none', async () => {
    await expect(SafetensorsFile.open('x.safetensors', new Blob(['abc']))).rejects.toThrow(
      'x.safetensors has 3 bytes: too short for a safetensors file.',
    );
  });
});

test('of several shards, each tensor is found in its own', async () => {
  const shard = (name: string, value: number) =>
    SafetensorsFile.open(
      `unet/${name}`,
      blobOf({ [name]: { dtype: 'F32', shape: [1], bytes: new Float32Array([value]) } }),
    );
  const weights = new Weights([await shard('a', 1), await shard('b', 2)]);
  expect(weights.names).toEqual(['a', 'b']);
  for (const [name, value] of [
    ['a', 1],
    ['b', 2],
  ] as const) {
    const { location, offset, length } = weights.locate(name, [1], 'float32');
    expect(location).toBe(`unet/${name}`);
    const bytes = await weights.blobs
      .get(location)
      ?.slice(offset, offset + length)
      .arrayBuffer();
    expect([...new Float32Array(bytes as ArrayBuffer)]).toEqual([value]);
  }
});

test('a small tensor is read whole, as float32', async () => {
  const file = await open();
  expect(await file.read('brain')).toEqual({ shape: [2, 2], data: new Float32Array([1, -2, 0.5, 3]) });
  expect((await file.read('single')).data).toEqual(floats);
});

describe('a virtual file', () => {
  const MIB = 1024 * 1024;
  const size = 40 * MIB + 4;
  const asked: [begin: number, end: number][] = [];
  const big = new VirtualBlob(size, async (begin, end) => {
    asked.push([begin, end]);
    return new Uint8Array(end - begin).fill(begin / MIB);
  });

  test('is a Blob that is read 16 MiB at a time', async () => {
    expect(big).toBeInstanceOf(Blob);
    asked.length = 0;
    const bytes = await streamed(big);
    expect(bytes.length).toBe(size);
    expect([bytes[0], bytes[16 * MIB - 1], bytes[16 * MIB], bytes.at(-1)]).toEqual([0, 0, 16, 32]);
    expect(asked).toEqual([
      [0, 16 * MIB],
      [16 * MIB, 32 * MIB],
      [32 * MIB, size],
    ]);
    asked.length = 0;
    expect((await big.slice(8 * MIB, 30 * MIB).arrayBuffer()).byteLength).toBe(22 * MIB);
    expect(asked).toEqual([
      [8 * MIB, 24 * MIB],
      [24 * MIB, 30 * MIB],
    ]);
  });

  test('of nothing ends at once', async () => {
    expect(await streamed(big.slice(5, 5))).toEqual(new Uint8Array(0));
    expect((await big.slice(5, 5).arrayBuffer()).byteLength).toBe(0);
  });

  test('slices of slices count from their own begin', async () => {
    const bytes = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7]);
    const virtual = new VirtualBlob(8, async (begin, end) => bytes.slice(begin, end));
    expect([...(await virtual.slice(2, 7).slice(1, 3).bytes())]).toEqual([3, 4]);
    expect([...(await virtual.slice(6).bytes())]).toEqual([6, 7]);
  });

  test('passes a failed read on to its reader', async () => {
    const broken = new VirtualBlob(4, () => Promise.reject(new Error('The disk is gone.')));
    await expect(broken.arrayBuffer()).rejects.toThrow('The disk is gone.');
    await expect(streamed(broken)).rejects.toThrow('The disk is gone.');
  });
});

/** All bytes of a blob, by the call that ONNX Runtime makes. */
async function streamed(source: Blob): Promise<Uint8Array<ArrayBuffer>> {
  const out = new Uint8Array(source.size);
  let position = 0;
  for (const reader = source.stream().getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    out.set(value, position);
    position += value.length;
  }
  expect(position).toBe(source.size);
  return out;
}
