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
} from '../models/config';
import { Weights } from '../safetensors/weights';
import { type CheckpointFiles, type Component, readJson } from './checkpoint-files';
import { openWeightFiles } from './weight-files';

export type { CheckpointFiles, Component } from './checkpoint-files';

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

/** See `openWeightFiles`. */
export async function openWeights(files: CheckpointFiles, component: Component): Promise<Weights> {
  return new Weights(await openWeightFiles(files, component));
}

const PREPROCESSOR = 'feature_extractor/preprocessor_config.json';
