import { readdirSync, readFileSync } from 'node:fs';
import { readReference, readReferenceJson } from './read';

/**
 * Writes the tiny checkpoint in every layout that people hold. It shares no line with `src/`: dtypes are encoded by
 * the definition of their formats, and the names of a single file come from manifest/single_file_map.json.
 */

export type WrittenDType = 'F32' | 'F16' | 'BF16' | 'F8_E4M3';
export type Part = 'unet' | 'vae' | 'image_encoder';

export interface WrittenTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}
export type WrittenTensors = ReadonlyMap<string, WrittenTensor>;

/** A file as a drop has it. */
export interface WrittenFile {
  readonly path: string;
  readonly name: string;
  readonly blob: Blob;
}

const PARTS: readonly Part[] = ['unet', 'vae', 'image_encoder'];
const WEIGHTS: Readonly<Record<Part, string>> = {
  unet: 'diffusion_pytorch_model',
  vae: 'diffusion_pytorch_model',
  image_encoder: 'model',
};

/** The tensors of the tiny checkpoint; `rounded` to what a dtype can hold. */
export function tinyTensors(part: Part, rounded: WrittenDType = 'F16'): WrittenTensors {
  const tensors = [...readReference(`tiny/${part}/${WEIGHTS[part]}.safetensors`)];
  // They are float16 as they are.
  const round = (values: Float32Array) => (rounded === 'F16' ? values : decode(encode(values, rounded), rounded));
  return new Map(tensors.map(([name, { shape, data }]) => [name, { shape, values: round(data) }]));
}

/** The configs of the tiny checkpoint, by path. */
export function tinyConfigs(): Record<string, string> {
  const folder = new URL('tiny/', import.meta.url);
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.json'));
  return Object.fromEntries(
    paths.map((path) => [path.replaceAll('\\', '/'), readFileSync(new URL(path, folder), 'utf8')]),
  );
}

/** A safetensors file of these tensors, in order. */
export function safetensors(tensors: WrittenTensors, dtype: WrittenDType): Blob {
  let offset = 0;
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  for (const [name, { shape, values }] of tensors) {
    const bytes = encode(values, dtype);
    parts.push(bytes);
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return new Blob([length, json, ...parts]);
}

/** A folder in diffusers' layout, as a drop of it has it; float16 files under their variant's name. */
export function folder(tensors: Readonly<Record<Part, WrittenTensors>>, dtype: WrittenDType): WrittenFile[] {
  const variant = dtype === 'F16' ? '.fp16' : '';
  const weights = PARTS.map((part) =>
    fileAt(`svd/${part}/${WEIGHTS[part]}${variant}.safetensors`, safetensors(tensors[part], dtype)),
  );
  return [...configFiles(), ...weights];
}

/** The same with the UNet in `count` shards and their index. */
export function shardedFolder(
  tensors: Readonly<Record<Part, WrittenTensors>>,
  dtype: WrittenDType,
  count: number,
): WrittenFile[] {
  const { files, index } = shards(tensors.unet, dtype, count);
  const indexFile = fileAt(
    'svd/unet/diffusion_pytorch_model.safetensors.index.fp16.json',
    new Blob([JSON.stringify(index)]),
  );
  const others = folder(tensors, dtype).filter(({ path }) => !/unet\/.*\.safetensors$/.test(path));
  return [...others, indexFile, ...files.map(({ name, blob }) => fileAt(`svd/unet/${name}`, blob))];
}

/** A UNet's tensors in shards of about the same number of tensors. */
function shards(tensors: WrittenTensors, dtype: WrittenDType, count: number) {
  const entries = [...tensors];
  const size = Math.ceil(entries.length / count);
  const weightMap: Record<string, string> = {};
  const files = Array.from({ length: count }, (_, i) => {
    const name = `diffusion_pytorch_model.fp16-0000${i + 1}-of-0000${count}.safetensors`;
    const part = new Map(entries.slice(i * size, (i + 1) * size));
    for (const tensor of part.keys()) weightMap[tensor] = name;
    return { name, blob: safetensors(part, dtype) };
  });
  return { files, index: { metadata: { total_size: 0 }, weight_map: weightMap } };
}

/** Every file of a drop without its folder: "config.json" is then the name of three. */
export const loose = (files: readonly WrittenFile[]): WrittenFile[] =>
  files.map(({ name, blob }) => ({ path: '', name, blob }));

/**
 * A checkpoint in one file, in Stability's names. It also holds what real ones do and no network reads: an average of the
 * weights and the autoencoder's own encoder, here with other numbers.
 */
export function singleFile(tensors: Readonly<Record<Part, WrittenTensors>>, dtype: WrittenDType): WrittenFile {
  const { map } = readReferenceJson<{ map: Record<string, SingleFileEntry> }>('manifest/single_file_map.json');
  const written = new Map<string, WrittenTensor>();
  const used = new Set<string>();
  for (const [name, entry] of Object.entries(map)) {
    const sources = entry.to.map((target) => tensors[entry.component].get(target.name));
    // The real checkpoint is deeper and has shortcuts where its widths change.
    if (sources.every((source) => source === undefined)) continue;
    written.set(name, combine(name, entry, sources));
    for (const target of entry.to) used.add(`${entry.component} ${target.name}`);
  }
  for (const part of PARTS) {
    for (const name of tensors[part].keys()) {
      if (!used.has(`${part} ${name}`)) throw new Error(`${name} of ${part} has no place in a single file.`);
    }
  }
  return fileAt('svd.safetensors', safetensors(new Map([...written, ...idle(written)]), dtype));
}

interface SingleFileEntry {
  readonly component: Part;
  readonly shape: readonly number[];
  readonly to: readonly { readonly name: string; readonly transform?: string }[];
}

/** The tensor that gives `sources` when it is taken apart as the map says. */
function combine(
  name: string,
  { to }: SingleFileEntry,
  sources: readonly (WrittenTensor | undefined)[],
): WrittenTensor {
  const all = sources.map((source, i) => {
    if (!source) throw new Error(`${name} needs ${to[i]?.name}.`);
    return { ...source, transform: to[i]?.transform ?? '' };
  });
  const [first] = all as [(typeof all)[number]];
  if (first.transform === '') return first;
  if (first.transform === 'conv1x1_to_linear') return { shape: [...first.shape, 1, 1], values: first.values };
  if (first.transform === 'transpose') {
    const [rows, columns] = first.shape as [number, number];
    const values = first.values.map((_, i) => first.values[(i % rows) * columns + Math.floor(i / rows)] as number);
    return { shape: [columns, rows], values };
  }
  const packed = all.toSorted((a, b) => (a.transform < b.transform ? -1 : 1));
  const [rows, ...rest] = first.shape as [number, ...number[]];
  return { shape: [3 * rows, ...rest], values: Float32Array.from(packed.flatMap(({ values }) => [...values])) };
}

/** Tensors that must not be read. */
function idle(written: WrittenTensors): [string, WrittenTensor][] {
  const encoder = [...written]
    .filter(([name]) => name.startsWith('conditioner.embedders.3.encoder.encoder.'))
    .map(([name, { shape, values }]): [string, WrittenTensor] => [
      name.replace('conditioner.embedders.3.encoder.', 'first_stage_model.'),
      { shape, values: values.map(() => 0.5) },
    ]);
  return [...encoder, ['model_ema.decay', { shape: [], values: Float32Array.of(0.5) }]];
}

function configFiles(): WrittenFile[] {
  return Object.entries(tinyConfigs()).map(([path, text]) => fileAt(`svd/${path}`, new Blob([text])));
}

const fileAt = (path: string, blob: Blob): WrittenFile => ({ path, name: path.slice(path.lastIndexOf('/') + 1), blob });

/** The bits of a small float: exponent and fraction, the exponent's bias, and how many codes are finite. */
const FLOATS = {
  F16: { bits: 16, fraction: 10, bias: 15, finite: 0x7c00 },
  BF16: { bits: 16, fraction: 7, bias: 127, finite: 0x7f80 },
  F8_E4M3: { bits: 8, fraction: 3, bias: 7, finite: 0x7f },
} as const;

/** Bits of the values nearest to each of `values`; of two as near the even one, and never an infinity. */
export function encode(values: Float32Array, dtype: WrittenDType): Uint8Array<ArrayBuffer> {
  if (dtype === 'F32') return new Uint8Array(Float32Array.from(values).buffer);
  const { bits, fraction, bias, finite } = FLOATS[dtype];
  const codes = bits === 8 ? new Uint8Array(values.length) : new Uint16Array(values.length);
  const stored = new Uint32Array(Float32Array.from(values).buffer);
  for (let i = 0; i < values.length; i++) {
    const float = stored[i] as number;
    const exponent = Math.max(((float >>> 23) & 255) - 127, 1 - bias);
    const steps = roundToEven(Math.abs(values[i] as number) / 2 ** (exponent - fraction));
    const code = Math.min(steps + (exponent + bias - 1) * 2 ** fraction, finite - 1);
    codes[i] = float >>> 31 ? code + 2 ** (bits - 1) : code;
  }
  return new Uint8Array(codes.buffer);
}

function roundToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

function decode(bytes: Uint8Array<ArrayBuffer>, dtype: WrittenDType): Float32Array {
  if (dtype === 'F32') return new Float32Array(bytes.buffer);
  const { bits, fraction, bias } = FLOATS[dtype];
  const codes = bits === 8 ? bytes : new Uint16Array(bytes.buffer);
  const values = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] as number;
    const size = code % 2 ** (bits - 1);
    const exponent = size >> fraction;
    const steps = (size % 2 ** fraction) + (exponent ? 2 ** fraction : 0);
    values[i] = (code === size ? 1 : -1) * steps * 2 ** (Math.max(exponent, 1) - bias - fraction);
  }
  return values;
}
