import type { Checkpoint } from '../../src/checkpoints/checkpoint';
import { readGenerationConfig } from '../../src/checkpoints/generation-config';
import { vaeFactor } from '../../src/models/autoencoder-kl-temporal-decoder';
import { planDecoder } from '../../src/models/plan';
import type { BackendInfo, ModelInfo } from './api';

/**
 * What the page must know of a checkpoint: its own recommendation, or diffusers' defaults.
 *
 * @param name for people, where the checkpoint has no title
 * @param budgetBytes of memory, which decides how many frames are decoded at once where the checkpoint does not say
 * @throws ConfigError if its generation_config.json is not what it should be
 */
export async function modelInfo(
  name: string,
  checkpoint: Checkpoint,
  dtype: BackendInfo['dtype'],
  budgetBytes: number,
): Promise<ModelInfo> {
  const { unet, vae } = checkpoint;
  const config = await readGenerationConfig(checkpoint);
  const [[width, height]] = config.sizes as [[number, number]];
  const numFrames = unet.num_frames;
  const clip = { frames: numFrames, height, width };
  return {
    name: config.title ?? name,
    sizeMultiple: vaeFactor(vae),
    sizes: config.sizes,
    defaults: {
      width,
      height,
      numFrames,
      fps: config.fps,
      motionBucketId: config.motion_bucket_id,
      noiseAugStrength: config.noise_aug_strength,
      numInferenceSteps: config.num_inference_steps,
      minGuidanceScale: config.min_guidance_scale,
      maxGuidanceScale: config.max_guidance_scale,
      decodeChunkSize: config.decode_chunk_size ?? planDecoder(vae, clip, dtype, budgetBytes).frames,
      seed: 0,
    },
  };
}
