import type { DroppedConfig } from './arrange-configs';
import type { WeightSet } from './arrange-weights';
import type { Component } from './checkpoint-files';
import type { KnownModel } from './known-models';

/** The folder that chosen files and configs become. */

/** Where a checkpoint in one file lies, in a model folder. */
const SINGLE_FILE = 'checkpoint.safetensors';

const WEIGHT_NAMES: Readonly<Record<Component, string>> = {
  unet: 'diffusion_pytorch_model',
  vae: 'diffusion_pytorch_model',
  image_encoder: 'model',
};

/** Paths as diffusers has them, so that a file from the hub and the same file from a disk lie in the same place. */
export function placeWeights(chosen: ReadonlyMap<Component, WeightSet>) {
  const files: { path: string; index: number }[] = [];
  const texts: Record<string, string> = {};
  for (const [component, set] of chosen) {
    const base = `${component}/${WEIGHT_NAMES[component]}${set.dtype === 'F16' ? '.fp16' : ''}`;
    const [first, ...more] = set.files as [WeightSet['files'][number]];
    if (set.single) {
      if (files.length === 0) files.push({ path: SINGLE_FILE, index: first.index });
    } else if (more.length === 0) {
      files.push({ path: `${base}.safetensors`, index: first.index });
    } else {
      const shards = set.files.map(({ index }, i) => ({ path: shardPath(base, i, set.files.length), index }));
      files.push(...shards);
      texts[`${base}.safetensors.index.json`] = indexText(set, shards);
    }
  }
  const blobs = new Map([...chosen.values()].flatMap((set) => set.files.map(({ index, file }) => [index, file.blob])));
  return { files, texts, bytes: [...blobs.values()].reduce((sum, { size }) => sum + size, 0) };
}

const fiveDigits = (count: number): string => String(count).padStart(5, '0');

const shardPath = (base: string, i: number, count: number): string =>
  `${base}-${fiveDigits(i + 1)}-of-${fiveDigits(count)}.safetensors`;

/** Written anew: shards may come without their index, and lie under other names. */
function indexText(set: WeightSet, shards: readonly { readonly path: string }[]): string {
  const entries = set.files.flatMap(({ file }, i) => {
    const path = shards[i]?.path ?? '';
    return [...file.tensors.keys()].map((tensor) => [tensor, path.slice(path.lastIndexOf('/') + 1)]);
  });
  return JSON.stringify({ weight_map: Object.fromEntries(entries) });
}

/** A config from the drop where there is one, else the built-in one. Of several, the one that lay with the weights. */
export function chooseTexts(
  configs: readonly DroppedConfig[],
  chosen: ReadonlyMap<Component, WeightSet>,
  model: KnownModel,
): Record<string, string> {
  const texts: Record<string, string> = { ...model.configs };
  for (const path of Object.keys(model.configs)) {
    const found = chooseConfig(configs, path, chosen, model);
    if (found) texts[path] = found.text;
  }
  return texts;
}

function chooseConfig(
  configs: readonly DroppedConfig[],
  path: string,
  chosen: ReadonlyMap<Component, WeightSet>,
  model: KnownModel,
): DroppedConfig | undefined {
  const builtIn = JSON.parse(model.configs[path] ?? '{}') as Record<string, unknown>;
  const folder = chosen.get(path.split('/')[0] as Component)?.folder;
  return (
    configs
      .filter((config) => config.path === path)
      // A scheduler of another class belongs to another model: AnimateLCM’s UNet cannot run on Euler.
      .filter(({ json }) => !path.startsWith('scheduler/') || json._class_name === builtIn._class_name)
      .sort((a, b) => Number(b.folder === folder) - Number(a.folder === folder) || (a.name < b.name ? -1 : 1))[0]
  );
}
