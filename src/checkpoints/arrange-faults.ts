import { ConfigError, clipVisionConfig, parseConfig, unetConfig, vaeConfig } from '../models/config';
import { WeightsError } from '../safetensors/header';
import type { DroppedConfig } from './arrange-configs';
import { servesWhole, tensorsOf, type WeightSet } from './arrange-weights';
import { Checkpoint } from './checkpoint';
import type { Component } from './checkpoint-files';
import { misfit, type NetworkConfig } from './fit';
import type { KnownModel } from './known-models';
import { networkOfSingleFile } from './single-file';

/** What is wrong with a set of files that was chosen for a model, in sentences. */

/** SVD and SVD-XT have the same tensors and look for a different number of frames. */
export function frameFaults(
  configs: readonly DroppedConfig[],
  texts: Readonly<Record<string, string>>,
  model: KnownModel,
): string[] {
  const used = configs.find(({ path, text }) => path === 'unet/config.json' && text === texts[path]);
  const frames = used?.json.num_frames;
  // What is no number is refused with the rest of the config.
  if (used === undefined || typeof frames !== 'number' || frames === model.numFrames) return [];
  return [
    `${used.name} is of a model that makes ${frames} frames; ${model.title} makes ${model.numFrames}. Add these files to the model they belong to, or leave this config out if the weights are ${model.title}’s.`,
  ];
}

/** Weights that do not fit their configs, and configs that do not fit each other. */
export async function weightFaults(
  chosen: ReadonlyMap<Component, WeightSet>,
  texts: Readonly<Record<string, string>>,
  model: KnownModel,
): Promise<string[]> {
  const faults = new Set<string>();
  for (const [component, set] of chosen) {
    const fault = set.fault ?? (await weightFault(component, set, texts));
    if (fault) faults.add(fault);
  }
  if (faults.size === 0 && model.components.length > 1) {
    const fault = await configFault(() => Checkpoint.open(filesOfTexts(texts)));
    if (fault) faults.add(fault);
  }
  return [...faults];
}

async function weightFault(
  component: Component,
  set: WeightSet,
  texts: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  return configFault(async () => {
    const network = networkConfig(component, texts[`${component}/config.json`] ?? '');
    const [{ file }] = set.files as [WeightSet['files'][number]];
    const files = set.single ? await networkOfSingleFile(file, component) : set.files.map((each) => each.file);
    return misfit(set.name, network, tensorsOf(files));
  });
}

/** What `check` returns as a fault, or the sentence that it throws. */
async function configFault(check: () => Promise<unknown>): Promise<string | undefined> {
  try {
    const fault = await check();
    return typeof fault === 'string' ? fault : undefined;
  } catch (error) {
    if (error instanceof ConfigError || error instanceof WeightsError) return error.message;
    throw error;
  }
}

function networkConfig(component: Component, text: string): NetworkConfig {
  const path = `${component}/config.json`;
  const json: unknown = JSON.parse(text);
  if (component === 'unet') return { component, config: parseConfig(path, unetConfig, json) };
  if (component === 'vae') return { component, config: parseConfig(path, vaeConfig, json) };
  return { component, config: parseConfig(path, clipVisionConfig, json) };
}

const filesOfTexts = (texts: Readonly<Record<string, string>>) => ({
  paths: Object.keys(texts),
  open: async (path: string) => new Blob([texts[path] ?? '']),
});

/** Checkpoints in one file that cannot serve. */
export function unfitSets(sets: readonly WeightSet[], model: KnownModel): string[] {
  return sets
    .filter((set) => set.single && !servesWhole(set, model))
    .map(({ name, components }) =>
      model.components.length > 1
        ? `${name} is a checkpoint in one file that holds only ${listed(components)}; ${listed(model.components)} are needed. Fetch the whole file.`
        : `${name} is a checkpoint in one file; ${model.title} is a UNet alone, in diffusers’ names. Fetch it from ${model.hub.page}.`,
    );
}

const NAMES: Readonly<Record<Component, string>> = { unet: 'UNet', vae: 'VAE', image_encoder: 'image encoder' };

const listed = (components: readonly Component[]): string => components.map((each) => `the ${NAMES[each]}`).join(', ');
