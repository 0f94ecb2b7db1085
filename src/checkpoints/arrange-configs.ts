import { ConfigError, parseConfig, weightIndex } from '../models/config';
import type { DroppedFile } from './arrange';

/** The small files of a drop, told by what they say: `config.json` alone names three of them. */

export type ConfigPath =
  | 'unet/config.json'
  | 'vae/config.json'
  | 'image_encoder/config.json'
  | 'scheduler/scheduler_config.json'
  | 'feature_extractor/preprocessor_config.json'
  | 'generation_config.json';

export interface DroppedConfig {
  /** Where it belongs. */
  readonly path: ConfigPath;
  /** What the user calls it. */
  readonly name: string;
  /** The folder that it lay in. */
  readonly folder: string;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** The list of a network's shards. */
export interface DroppedIndex {
  readonly name: string;
  readonly folder: string;
  /** Tensor -> file, beside the index. */
  readonly weightMap: Readonly<Record<string, string>>;
}

export interface DroppedTexts {
  readonly configs: readonly DroppedConfig[];
  readonly indexes: readonly DroppedIndex[];
  readonly faults: readonly string[];
}

/** Real ones have a few kilobytes, the index of a UNet 150. */
const MAX_BYTES = 8 * 1024 * 1024;

export const isText = ({ name, blob }: DroppedFile): boolean => /\.json$/i.test(name) && blob.size <= MAX_BYTES;

/** A file's whole name for messages, and the folder that it lay in: "" for loose ones. */
export function placeOf({ path, name }: DroppedFile): { readonly name: string; readonly folder: string } {
  const whole = path || name;
  return { name: whole, folder: whole.slice(0, Math.max(0, whole.lastIndexOf('/'))) };
}

/** Reads every JSON file of a drop; those that have nothing to do with a model are left out. */
export async function readTexts(dropped: readonly DroppedFile[]): Promise<DroppedTexts> {
  const configs: DroppedConfig[] = [];
  const indexes: DroppedIndex[] = [];
  const faults: string[] = [];
  for (const file of dropped.filter(isText)) {
    const place = placeOf(file);
    const text = await file.blob.text();
    try {
      const json = parse(place.name, text);
      const path = pathOf(place.name, json);
      if (path) configs.push({ ...place, path, text, json });
      else if ('weight_map' in json) {
        indexes.push({ ...place, weightMap: parseConfig(place.name, weightIndex, json).weight_map });
      }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(error.message);
    }
  }
  return { configs, indexes, faults };
}

function parse(name: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Record<string, unknown>) : {};
  } catch {
    throw new ConfigError(`${name} is not JSON: the file is damaged. Fetch it again, or leave it out.`);
  }
}

function pathOf(name: string, json: Readonly<Record<string, unknown>>): ConfigPath | undefined {
  const { _class_name: className, architectures, model_type: modelType } = json;
  if (className === 'UNetSpatioTemporalConditionModel') return 'unet/config.json';
  if (className === 'AutoencoderKLTemporalDecoder') return 'vae/config.json';
  if (typeof className === 'string' && className.endsWith('Scheduler')) return 'scheduler/scheduler_config.json';
  if ([architectures].flat().includes('CLIPVisionModelWithProjection') || modelType === 'clip_vision_model') {
    return 'image_encoder/config.json';
  }
  if ('image_mean' in json && 'image_std' in json) return 'feature_extractor/preprocessor_config.json';
  // It has no mark of its own.
  if (/(^|\/)generation_config\.json$/.test(name) && 'motion_bucket_id' in json) return 'generation_config.json';
  return undefined;
}
