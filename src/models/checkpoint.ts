import { WeightsError } from '../safetensors/header';
import { SafetensorsFile } from '../safetensors/safetensors-file';
import { Weights } from '../safetensors/weights';
import {
  type ClipVisionConfig,
  ConfigError,
  clipVisionConfig,
  type PreprocessorConfig,
  parseConfig,
  preprocessorConfig,
  type UNetConfig,
  unetConfig,
  type VaeConfig,
  vaeConfig,
  weightIndex,
} from './config';

/** The files of a model folder, wherever they lie: behind an address, on disk, in the browser's storage. */
export interface CheckpointFiles {
  /** Of every file, relative to the folder: "unet/config.json". */
  readonly paths: readonly string[];
  /** The bytes of one of them. */
  open(path: string): Promise<Blob>;
}

/** The networks of a checkpoint, by their folders. */
export type Component = 'image_encoder' | 'vae' | 'unet';

/**
 * A Stable Video Diffusion checkpoint in the layout of diffusers: a folder for each part, with its config.json and its
 * weights, in one safetensors file or several. Nothing but those files decides what is built.
 */
export class Checkpoint {
  private constructor(
    readonly files: CheckpointFiles,
    readonly unet: UNetConfig,
    readonly vae: VaeConfig,
    readonly imageEncoder: ClipVisionConfig,
    readonly preprocessor: PreprocessorConfig,
    /** scheduler_config.json as it is; the schedulers check it. */
    readonly scheduler: Readonly<Record<string, unknown>>,
  ) {}

  /**
   * Reads the configs; no weights yet.
   *
   * @throws ConfigError if a config is missing, is not JSON, or asks for what SVD checkpoints do not have
   */
  static async open(files: CheckpointFiles): Promise<Checkpoint> {
    const checkpoint = new Checkpoint(
      files,
      parseConfig('unet/config.json', unetConfig, await readJson(files, 'unet/config.json')),
      parseConfig('vae/config.json', vaeConfig, await readJson(files, 'vae/config.json')),
      parseConfig('image_encoder/config.json', clipVisionConfig, await readJson(files, 'image_encoder/config.json')),
      parseConfig(PREPROCESSOR, preprocessorConfig, await readJson(files, PREPROCESSOR)),
      (await readJson(files, 'scheduler/scheduler_config.json')) as Readonly<Record<string, unknown>>,
    );
    checkpoint.#checkFit();
    return checkpoint;
  }

  /** See `openWeights`. */
  weights(component: Component): Promise<Weights> {
    return openWeights(this.files, component);
  }

  /** Parts of different checkpoints may each be sound and yet not fit together. */
  #checkFit() {
    const { unet, vae, imageEncoder } = this;
    const fits = (what: string, a: number, b: unknown) => {
      if ([b].flat().some((each) => each !== a)) {
        throw new ConfigError(`The parts of this checkpoint do not fit together: ${what} is ${a} here and ${b} there.`);
      }
    };
    fits(
      'projection_dim of image_encoder and cross_attention_dim of unet',
      imageEncoder.projection_dim,
      unet.cross_attention_dim,
    );
    fits('latent_channels of vae and out_channels of unet', vae.latent_channels, unet.out_channels);
    fits('twice latent_channels of vae and in_channels of unet', 2 * vae.latent_channels, unet.in_channels);
  }
}

/**
 * The weights of one network of a model folder, their headers read and checked.
 *
 * @throws WeightsError if there are none, or a file is not a whole safetensors file
 */
export async function openWeights(files: CheckpointFiles, component: Component): Promise<Weights> {
  const paths = await weightPaths(files, component);
  return new Weights(await Promise.all(paths.map(async (path) => SafetensorsFile.open(path, await files.open(path)))));
}

/** The files that hold a network's weights. Of several variants float16 is taken: it is half the size. */
async function weightPaths(files: CheckpointFiles, component: Component): Promise<string[]> {
  const inFolder = files.paths.filter((path) => path.startsWith(`${component}/`));
  const half = (paths: string[]) => paths.find((path) => path.includes('.fp16')) ?? paths[0];
  const single = half(inFolder.filter((path) => path.endsWith('.safetensors') && !/-\d+-of-\d+/.test(path)));
  if (single) return [single];
  const index = half(inFolder.filter((path) => /\.safetensors\.index(\.fp16)?\.json$/.test(path)));
  if (!index) throw new WeightsError(`The model folder has no .safetensors file in ${component}/.`);
  const { weight_map: weightMap } = parseConfig(index, weightIndex, await readJson(files, index));
  const shards = [...new Set(Object.values(weightMap))].map((shard) => `${component}/${shard}`);
  const missing = shards.find((shard) => !files.paths.includes(shard));
  if (missing) throw new WeightsError(`The model folder has no ${missing}, which ${index} names.`);
  return shards;
}

const PREPROCESSOR = 'feature_extractor/preprocessor_config.json';

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
