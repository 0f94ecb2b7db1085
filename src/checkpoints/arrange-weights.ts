import type { StoredDType, StoredTensor } from '../safetensors/header';
import type { SafetensorsFile } from '../safetensors/safetensors-file';
import type { DroppedFile } from './arrange';
import { type DroppedIndex, isText, placeOf } from './arrange-configs';
import type { Component } from './checkpoint-files';
import { type Identified, identify } from './identify';
import type { KnownModel } from './known-models';

/** The weight files of a drop, and which of them serve as which network. */

/** Files that hold a network, or all of them: one, or shards. */
export interface WeightSet {
  readonly files: readonly { readonly index: number; readonly file: SafetensorsFile }[];
  readonly components: readonly Component[];
  readonly single: boolean;
  /** The dtype of most of it. */
  readonly dtype: StoredDType;
  /** What the user calls it. */
  readonly name: string;
  readonly folder: string;
  /** Why it cannot serve. */
  readonly fault?: string;
}

export interface DroppedWeights {
  readonly sets: readonly WeightSet[];
  /** Files that people take for weights of SVD, and why they are none. */
  readonly refused: readonly string[];
}

type Found = Extract<Identified, { kind: 'component' | 'single-file' }> & {
  readonly index: number;
  readonly name: string;
  readonly folder: string;
};

/** Endings of weights, by which a file that is none may be told from one that is not meant to be. */
const MEANT_AS_WEIGHTS = /\.(safetensors|sft|ckpt|pt|pth|bin|gguf|onnx|msgpack)$/i;

/** Identifies every file of a drop that is not JSON, and puts shards together. */
export async function findWeights(
  dropped: readonly DroppedFile[],
  indexes: readonly DroppedIndex[],
): Promise<DroppedWeights> {
  const found: Found[] = [];
  const refused: string[] = [];
  for (const [index, file] of dropped.entries()) {
    if (isText(file)) continue;
    const place = placeOf(file);
    const identified = await identify(place.name, file.blob);
    if (identified.kind !== 'refused') found.push({ ...identified, ...place, index });
    else if (MEANT_AS_WEIGHTS.test(file.name)) refused.push(identified.reason);
  }
  return { sets: setsOf(found, indexes), refused };
}

function wholeSet(found: Found): WeightSet {
  const { index, file, name, folder } = found;
  return {
    files: [{ index, file }],
    components: found.kind === 'single-file' ? found.components : [found.component],
    single: found.kind === 'single-file',
    dtype: found.dtypes[0] as StoredDType,
    name,
    folder,
  };
}

/** Shards that an index names belong together; of the other files, those of one network that share no tensor. */
function setsOf(found: readonly Found[], indexes: readonly DroppedIndex[]): WeightSet[] {
  const left = new Set(found);
  const sets: WeightSet[] = [];
  for (const index of indexes) {
    const names = new Set(Object.values(index.weightMap));
    const listed = found.filter((each) => each.folder === index.folder && names.has(baseName(each.name)));
    if (listed.length === 0) continue;
    for (const each of listed) left.delete(each);
    sets.push(shardSet(listed, indexFault(index, names, listed)));
  }
  const groups: Found[][] = [];
  for (const each of [...left].sort(byName)) {
    const group = groups.find((others) => others.every((other) => mayBeShards(other, each)));
    if (group) group.push(each);
    else groups.push([each]);
  }
  return [...sets, ...groups.map((group) => shardSet(group, undefined))];
}

const byName = (a: Found, b: Found): number => (a.name < b.name ? -1 : 1);

/** Two whole files share every tensor, two shards none. */
function mayBeShards(a: Found, b: Found): boolean {
  if (a.kind === 'single-file' || b.kind === 'single-file' || a.component !== b.component) return false;
  if (a.folder !== b.folder || a.dtypes[0] !== b.dtypes[0]) return false;
  return [...b.file.tensors.keys()].every((name) => !a.file.tensors.has(name));
}

const baseName = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

function shardSet(shards: readonly Found[], fault: string | undefined): WeightSet {
  const [first, ...more] = [...shards].sort(byName) as [Found, ...Found[]];
  return {
    ...wholeSet(first),
    files: [first, ...more].map(({ index, file }) => ({ index, file })),
    name: more.length > 0 ? `${first.name} and ${more.length} more` : first.name,
    ...(fault === undefined ? {} : { fault }),
  };
}

function indexFault(index: DroppedIndex, names: ReadonlySet<string>, shards: readonly Found[]): string | undefined {
  const byName = new Map(shards.map((shard) => [baseName(shard.name), shard]));
  const missing = [...names].filter((name) => !byName.has(name));
  if (missing.length > 0) return `${index.name} names ${missing.join(', ')}, which is not among the files. Add it too.`;
  for (const [tensor, name] of Object.entries(index.weightMap)) {
    const shard = byName.get(name) as Found;
    if (!shard.file.tensors.has(tensor)) {
      return `${shard.name} has no tensor ${tensor}, which ${index.name} says is there. Fetch the shards and the index again, from one place.`;
    }
  }
  return repeatFault(shards);
}

function repeatFault(shards: readonly Found[]): string | undefined {
  const holders = new Map<string, string>();
  for (const { name, file } of shards) {
    for (const tensor of file.tensors.keys()) {
      const other = holders.get(tensor);
      if (other) return `${other} and ${name} both hold the tensor ${tensor}: add the files of one model at a time.`;
      holders.set(tensor, name);
    }
  }
  return undefined;
}

/** float16 is what the GPU wants; bfloat16 has its size; float32 loses nothing; 8 bits do. */
const DTYPE_ORDER: readonly StoredDType[] = ['F16', 'BF16', 'F32', 'F8_E4M3', 'F8_E5M2'];

function rank(dtype: StoredDType): number {
  const place = DTYPE_ORDER.indexOf(dtype);
  return place < 0 ? DTYPE_ORDER.length : place;
}

/** The best of several that could serve as `component`, whatever order they came in. */
export function preferred(sets: readonly WeightSet[], component: Component): WeightSet | undefined {
  const order = (set: WeightSet) => [
    set.fault ? 1 : 0,
    rank(set.dtype),
    set.files.length,
    `/${set.folder}`.endsWith(`/${component}`) ? 0 : 1,
    set.name.length,
  ];
  return [...sets].sort((a, b) => {
    const [x, y] = [order(a), order(b)];
    const difference = x.map((value, i) => value - (y[i] as number)).find((value) => value !== 0);
    return difference ?? (a.name < b.name ? -1 : 1);
  })[0];
}

/** A UNet that borrows the rest cannot come from a file that has a rest of its own: the two would lie in one folder. */
export const servesWhole = ({ single, components }: WeightSet, model: KnownModel): boolean =>
  single && model.components.length > 1 && model.components.every((component) => components.includes(component));

/** All tensors of a set, by name. */
export const tensorsOf = (files: readonly SafetensorsFile[]): ReadonlyMap<string, StoredTensor> =>
  new Map(files.flatMap(({ tensors }) => [...tensors]));
