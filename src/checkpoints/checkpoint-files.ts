import { ConfigError } from '../models/config';

/** The files of a model folder, wherever they lie: behind an address, on disk, in the browser's storage. */
export interface CheckpointFiles {
  /** Of every file, relative to the folder: "unet/config.json". */
  readonly paths: readonly string[];
  /** The bytes of one of them. */
  open(path: string): Promise<Blob>;
}

/** The networks of a checkpoint, by their folders. */
export type Component = 'image_encoder' | 'vae' | 'unet';

/** A JSON file of the folder; `undefined` is never returned: a missing file throws. */
export async function readJson(files: CheckpointFiles, path: string): Promise<unknown> {
  if (!files.paths.includes(path)) throw new ConfigError(`The model folder has no ${path}.`);
  const text = await (await files.open(path)).text();
  try {
    return JSON.parse(text);
  } catch {
    throw new ConfigError(`${path} is not JSON: the file is damaged.`);
  }
}
