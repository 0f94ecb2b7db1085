import type { StoredDType } from '../safetensors/header';
import { readTexts } from './arrange-configs';
import { frameFaults, unfitSets, weightFaults } from './arrange-faults';
import { chooseTexts, placeWeights } from './arrange-folder';
import { findWeights, preferred, servesWhole, type WeightSet } from './arrange-weights';
import type { Component } from './checkpoint-files';
import type { KnownModel } from './known-models';

/** A file that the user dropped or picked. */
export interface DroppedFile {
  /** In the folder that was dropped: "svd/unet/config.json". Loose files have none. */
  readonly path?: string | undefined;
  readonly name: string;
  readonly blob: Blob;
}

/** Dropped files as a model folder. It can be imported when `faults` and `missing` are empty. */
export interface Arrangement {
  readonly kind: 'folder' | 'single-file';
  /** Weights: where each lies in the folder, and which of the dropped files it is. */
  readonly files: readonly { readonly path: string; readonly index: number }[];
  /** The folder's small files, by path: configs from the drop, and built-in ones where it has none. */
  readonly texts: Readonly<Record<string, string>>;
  /** How each network's weights are stored, for the most part. */
  readonly dtypes: Readonly<Partial<Record<Component, StoredDType>>>;
  /** Of the files. */
  readonly bytes: number;
  /** What is wrong and what to do, a sentence each. */
  readonly faults: readonly string[];
  /** Networks that no file holds. */
  readonly missing: readonly Component[];
  /** What was left aside and why, a sentence each: nothing the user must act on. */
  readonly notes: readonly string[];
}

/**
 * Makes a model folder of dropped files: which of them holds which network, in which of several variants, with whose
 * configs. Reads headers and small files alone; order and names of weight files decide nothing that their content can.
 *
 * @param model what the user says that it is: no header tells SVD from SVD-XT or from AnimateLCM
 */
export async function arrange(dropped: readonly DroppedFile[], model: KnownModel): Promise<Arrangement> {
  const { configs, indexes, faults: textFaults } = await readTexts(dropped);
  const { sets, refused } = await findWeights(dropped, indexes);
  const chosen = choose(sets, model);
  const texts = { ...chooseTexts(configs, chosen, model) };
  const missing = model.components.filter((component) => !chosen.has(component));
  const placed = placeWeights(chosen);
  return {
    kind: [...chosen.values()].some(({ single }) => single) ? 'single-file' : 'folder',
    files: placed.files,
    texts: { ...texts, ...placed.texts },
    dtypes: Object.fromEntries([...chosen].map(([component, { dtype }]) => [component, dtype])),
    bytes: placed.bytes,
    faults: [
      ...textFaults,
      ...frameFaults(configs, texts, model),
      ...(await weightFaults(chosen, texts, model)),
      // What is refused matters where something is missing; beside a whole model it is only in the way.
      ...(missing.length > 0 ? refused : []),
      ...(missing.length > 0 ? unfitSets(sets, model) : []),
    ],
    missing,
    notes: [...(missing.length > 0 ? [] : refused), ...leftAside(sets, chosen)],
  };
}

/** The sets that serve, by network: a folder's parts where they are complete, else one file that holds all. */
function choose(sets: readonly WeightSet[], model: KnownModel): Map<Component, WeightSet> {
  const parts = new Map<Component, WeightSet>();
  for (const component of model.components) {
    const set = preferred(
      sets.filter(({ single, components }) => !single && components.includes(component)),
      component,
    );
    if (set) parts.set(component, set);
  }
  const complete = model.components.every((component) => parts.get(component) && !parts.get(component)?.fault);
  const single = complete
    ? undefined
    : preferred(
        sets.filter((set) => servesWhole(set, model)),
        'unet',
      );
  return single ? new Map(model.components.map((component) => [component, single])) : parts;
}

function leftAside(sets: readonly WeightSet[], chosen: ReadonlyMap<Component, WeightSet>): string[] {
  const used = new Set(chosen.values());
  return sets
    .filter((set) => !used.has(set))
    .map((set) => {
      const instead = set.components.map((component) => chosen.get(component)).find(Boolean);
      const why = instead ? `${instead.name} serves instead` : 'this model does not need it';
      return `${set.name} is left aside: ${why}.`;
    });
}
