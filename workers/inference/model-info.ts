import { vaeFactor } from '../../src/models/autoencoder-kl-temporal-decoder';
import type { Checkpoint } from '../../src/models/checkpoint';
import { largestDecodeChunk } from '../../src/models/decode-chunk';
import { readGenerationConfig } from '../../src/models/generation-config';
import type { BackendInfo, ModelInfo } from './api';

/** The largest tensor that every browser lets a GPU hold: Firefox's and iOS's limit. */
const LARGEST_TENSOR_BYTES = 2 ** 30;

/**
 * What the page must know of a checkpoint: its own recommendation, or diffusers' defaults.
 *
 * @param name for people, where the checkpoint has no title
 * @throws ConfigError if its generation_config.json is not what it should be
 */
export async function modelInfo(name: string, checkpoint: Checkpoint, dtype: BackendInfo['dtype']): Promise<ModelInfo> {
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
      decodeChunkSize: config.decode_chunk_size ?? largestDecodeChunk(vae, clip, dtype, LARGEST_TENSOR_BYTES),
      seed: 0,
    },
  };
}
