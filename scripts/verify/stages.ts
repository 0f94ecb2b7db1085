import { type CheckpointFiles, type Component, openWeights } from '../../src/checkpoints/checkpoint';
import { parseConfig } from '../../src/models/config';
import type { Weights } from '../../src/safetensors/weights';
import type { Bench } from './check';

/** Where things lie in a reference folder: the checkpoint, and the files of stages/. */

/** The checkpoint: wherever a unet/, vae/ or image_encoder/ has its config. */
export function checkpointFiles({ files }: Bench): CheckpointFiles | undefined {
  const config = files.paths.find((path) => /(^|\/)(unet|vae|image_encoder)\/config\.json$/.test(path));
  if (config === undefined) return undefined;
  const folder = config.replace(/(unet|vae|image_encoder)\/config\.json$/, '');
  return {
    paths: files.paths.filter((path) => path.startsWith(folder)).map((path) => path.slice(folder.length)),
    open: (path) => files.open(folder + path),
  };
}

/** A network of the checkpoint. */
export interface Part<Config> {
  readonly config: Config;
  readonly weights: Weights;
}

/** One network of the checkpoint, or undefined where the folder has it not. */
export async function openPart<Config>(
  bench: Bench,
  component: Component,
  schema: Parameters<typeof parseConfig<Config>>[1],
): Promise<Part<Config> | undefined> {
  const files = checkpointFiles(bench);
  const path = `${component}/config.json`;
  if (!files?.paths.includes(path)) return undefined;
  const json: unknown = JSON.parse(await (await files.open(path)).text());
  return { config: parseConfig(path, schema, json), weights: await openWeights(files, component) };
}

/** The files of a stage, by the beginning of their names: each with what follows it, which names the case. */
export function stageFiles({ files }: Bench, prefix: string): { readonly path: string; readonly name: string }[] {
  const start = `stages/${prefix}`;
  return files.paths
    .filter((path) => path.startsWith(start) && path.endsWith('.safetensors'))
    .sort()
    .map((path) => ({ path, name: path.slice(start.length, -'.safetensors'.length) }));
}
