import type { Component } from './checkpoint-files';

/**
 * The checkpoints of Stable Video Diffusion that people hold, and what a layout may lack: a single file, or weights alone,
 * say nothing of configs. Values are those of the checkpoints' own files (reference/manifest/summary.json).
 */

export type KnownModelId = 'svd' | 'svd-xt' | 'svd-xt-1-1' | 'animatelcm-svd';

/** A file of a repository on the hub, and where it lies in a model folder. */
export interface HubFile {
  readonly from: string;
  readonly path: string;
}

export interface KnownModel {
  readonly id: KnownModelId;
  readonly title: string;
  readonly numFrames: 14 | 25;
  readonly licence: { readonly name: string; readonly url: string };
  readonly hub: {
    readonly repo: string;
    /** A commit; a branch where no commit is known. */
    readonly revision: string;
    /** Where a person accepts the licence. */
    readonly page: string;
    readonly files: readonly HubFile[];
  };
  /** The networks that it brings; AnimateLCM-SVD has a UNet alone and borrows the others. */
  readonly components: readonly Component[];
  /** Our generation_config.json: what it is best asked for. */
  readonly generation: GenerationDefaults;
  /** Every small file of its folder, by path, as JSON. */
  readonly configs: Readonly<Record<string, string>>;
}

/** Keys of generation_config.json. */
export interface GenerationDefaults {
  readonly num_inference_steps: number;
  readonly min_guidance_scale: number;
  readonly max_guidance_scale: number;
  readonly fps: number;
  readonly motion_bucket_id: number;
  readonly noise_aug_strength: number;
}

const UNET = {
  _class_name: 'UNetSpatioTemporalConditionModel',
  sample_size: 96,
  in_channels: 8,
  out_channels: 4,
  down_block_types: [
    'CrossAttnDownBlockSpatioTemporal',
    'CrossAttnDownBlockSpatioTemporal',
    'CrossAttnDownBlockSpatioTemporal',
    'DownBlockSpatioTemporal',
  ],
  up_block_types: [
    'UpBlockSpatioTemporal',
    'CrossAttnUpBlockSpatioTemporal',
    'CrossAttnUpBlockSpatioTemporal',
    'CrossAttnUpBlockSpatioTemporal',
  ],
  block_out_channels: [320, 640, 1280, 1280],
  addition_time_embed_dim: 256,
  projection_class_embeddings_input_dim: 768,
  layers_per_block: 2,
  cross_attention_dim: 1024,
  transformer_layers_per_block: 1,
  num_attention_heads: [5, 10, 20, 20],
};

const VAE = {
  _class_name: 'AutoencoderKLTemporalDecoder',
  in_channels: 3,
  out_channels: 3,
  down_block_types: Array(4).fill('DownEncoderBlock2D'),
  block_out_channels: [128, 256, 512, 512],
  layers_per_block: 2,
  latent_channels: 4,
  sample_size: 768,
  scaling_factor: 0.18215,
  force_upcast: true,
};

const IMAGE_ENCODER = {
  architectures: ['CLIPVisionModelWithProjection'],
  hidden_size: 1280,
  intermediate_size: 5120,
  projection_dim: 1024,
  num_hidden_layers: 32,
  num_attention_heads: 16,
  num_channels: 3,
  image_size: 224,
  patch_size: 14,
  hidden_act: 'gelu',
  layer_norm_eps: 1e-5,
};

/** CLIP's. */
const PREPROCESSOR = {
  image_processor_type: 'CLIPImageProcessor',
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
};

const EULER = {
  _class_name: 'EulerDiscreteScheduler',
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  interpolation_type: 'linear',
  num_train_timesteps: 1000,
  prediction_type: 'v_prediction',
  sigma_max: 700,
  sigma_min: 0.002,
  steps_offset: 1,
  timestep_spacing: 'leading',
  timestep_type: 'continuous',
  use_karras_sigmas: true,
};

/** As the authors' own demo sets it up (github.com/G-U-N/AnimateLCM, animatelcm_svd/app.py). */
const ANIMATELCM = {
  _class_name: 'AnimateLCMSVDStochasticIterativeScheduler',
  num_train_timesteps: 40,
  sigma_min: 0.002,
  sigma_max: 700,
  sigma_data: 1,
  s_noise: 1,
  rho: 7,
  clip_denoised: false,
};

const SVD_DEFAULTS: GenerationDefaults = {
  num_inference_steps: 25,
  min_guidance_scale: 1,
  max_guidance_scale: 3,
  fps: 7,
  motion_bucket_id: 127,
  noise_aug_strength: 0.02,
};

/** Guidance off: its two UNet calls a step would cost what the few steps save. The motion is the demo's. */
const ANIMATELCM_DEFAULTS: GenerationDefaults = {
  ...SVD_DEFAULTS,
  num_inference_steps: 4,
  max_guidance_scale: 1,
  motion_bucket_id: 80,
};

/** The float16 half of Stability's repositories, which all have this layout. */
const STABILITY_FILES: readonly HubFile[] = [
  'unet/config.json',
  'unet/diffusion_pytorch_model.fp16.safetensors',
  'vae/config.json',
  'vae/diffusion_pytorch_model.fp16.safetensors',
  'image_encoder/config.json',
  'image_encoder/model.fp16.safetensors',
  'scheduler/scheduler_config.json',
  'feature_extractor/preprocessor_config.json',
].map((path) => ({ from: path, path }));

const STABILITY_LICENCE = { name: 'Stability AI Community License', url: 'https://stability.ai/license' };

function stability(
  id: KnownModelId,
  title: string,
  numFrames: 14 | 25,
  hub: { readonly repo: string; readonly revision: string },
): KnownModel {
  return {
    id,
    title,
    numFrames,
    licence: STABILITY_LICENCE,
    hub: { ...hub, page: `https://huggingface.co/${hub.repo}`, files: STABILITY_FILES },
    components: ['unet', 'vae', 'image_encoder'],
    generation: SVD_DEFAULTS,
    configs: texts({
      'unet/config.json': { ...UNET, num_frames: numFrames },
      'vae/config.json': VAE,
      'image_encoder/config.json': IMAGE_ENCODER,
      'scheduler/scheduler_config.json': EULER,
      'feature_extractor/preprocessor_config.json': PREPROCESSOR,
      'generation_config.json': { title, ...SVD_DEFAULTS },
    }),
  };
}

const ANIMATELCM_TITLE = 'AnimateLCM-SVD';

export const KNOWN_MODELS: readonly KnownModel[] = [
  stability('svd', 'SVD', 14, {
    repo: 'stabilityai/stable-video-diffusion-img2vid',
    revision: '9cf024d5bfa8f56622af86c884f26a52f6676f2e',
  }),
  stability('svd-xt', 'SVD-XT', 25, {
    repo: 'stabilityai/stable-video-diffusion-img2vid-xt',
    revision: '9e43909513c6714f1bc78bcb44d96e733cd242aa',
  }),
  stability('svd-xt-1-1', 'SVD-XT 1.1', 25, {
    repo: 'stabilityai/stable-video-diffusion-img2vid-xt-1-1',
    revision: '043843887ccd51926e3efed36270444a838e7861',
  }),
  {
    id: 'animatelcm-svd',
    title: ANIMATELCM_TITLE,
    numFrames: 25,
    // The code is the authors'; the weights were made from SVD-XT 1.1, whose licence they inherit.
    licence: STABILITY_LICENCE,
    hub: {
      repo: 'wangfuyun/AnimateLCM-SVD-xt',
      // No commit of this repository is known to us.
      revision: 'main',
      page: 'https://huggingface.co/wangfuyun/AnimateLCM-SVD-xt',
      files: [{ from: 'AnimateLCM-SVD-xt-1.1.safetensors', path: 'unet/diffusion_pytorch_model.safetensors' }],
    },
    components: ['unet'],
    generation: ANIMATELCM_DEFAULTS,
    configs: texts({
      'unet/config.json': { ...UNET, num_frames: 25 },
      'scheduler/scheduler_config.json': ANIMATELCM,
      'generation_config.json': { title: ANIMATELCM_TITLE, ...ANIMATELCM_DEFAULTS },
    }),
  },
];

/** @throws Error for an id that no model has */
export function knownModel(id: KnownModelId): KnownModel {
  const found = KNOWN_MODELS.find((model) => model.id === id);
  if (!found) throw new Error(`No model is known by the id ${id}.`);
  return found;
}

function texts(configs: Readonly<Record<string, object>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(configs).map(([path, config]) => [path, JSON.stringify(config, null, 2)]));
}
