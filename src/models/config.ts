import { z } from 'zod';

/**
 * The config.json files of a checkpoint, with their own keys. Configs come from strangers: `parseConfig` refuses what SVD
 * checkpoints do not use, in a sentence, before a graph is built on it.
 */

/** A config.json that is not what it should be; the message names the file, the key and what was expected. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Checks a parsed config.json.
 *
 * @param file for the message: "unet/config.json"
 * @throws ConfigError
 */
export function parseConfig<T>(file: string, schema: z.ZodType<T>, json: unknown): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw new ConfigError(`${file} is not one this app can run. ${z.prettifyError(result.error)}`);
}

const count = z.int().min(1).max(65536);
const grouped = count.multipleOf(32, 'must be a multiple of 32, the number of groups of every GroupNorm');

/** A number for all levels, or one for each. */
const perLevel = z.union([count, z.array(count)]);

export const unetConfig = z
  .object({
    in_channels: count,
    out_channels: count,
    block_out_channels: z.array(grouped).min(1),
    down_block_types: z.array(z.enum(['CrossAttnDownBlockSpatioTemporal', 'DownBlockSpatioTemporal'])),
    up_block_types: z.array(z.enum(['CrossAttnUpBlockSpatioTemporal', 'UpBlockSpatioTemporal'])),
    num_attention_heads: perLevel,
    layers_per_block: perLevel,
    transformer_layers_per_block: perLevel.default(1),
    cross_attention_dim: perLevel,
    addition_time_embed_dim: count.multipleOf(2),
    projection_class_embeddings_input_dim: count,
    num_frames: count,
    sample_size: z.unknown(),
  })
  .superRefine((config, context) => {
    const levels = config.block_out_channels.length;
    for (const key of [
      'down_block_types',
      'up_block_types',
      'num_attention_heads',
      'layers_per_block',
      'transformer_layers_per_block',
      'cross_attention_dim',
    ] as const) {
      const value = config[key];
      if (Array.isArray(value) && value.length !== levels) {
        context.addIssue({ code: 'custom', path: [key], message: `has ${value.length} entries for ${levels} levels` });
      }
    }
    config.block_out_channels.forEach((channels, level) => {
      const heads = atLevel(config.num_attention_heads, level);
      if (channels % heads) {
        context.addIssue({
          code: 'custom',
          path: ['num_attention_heads'],
          message: `${heads} heads do not divide the ${channels} channels of level ${level}`,
        });
      }
    });
    if (config.projection_class_embeddings_input_dim !== 3 * config.addition_time_embed_dim) {
      context.addIssue({
        code: 'custom',
        path: ['projection_class_embeddings_input_dim'],
        message: 'must be three times addition_time_embed_dim (fps, motion bucket, noise augmentation)',
      });
    }
  });
export type UNetConfig = z.infer<typeof unetConfig>;

export const vaeConfig = z.object({
  in_channels: z.literal(3),
  out_channels: z.literal(3),
  down_block_types: z.array(z.literal('DownEncoderBlock2D')).min(1),
  block_out_channels: z.array(grouped).min(1),
  layers_per_block: count,
  latent_channels: count,
  scaling_factor: z.number().positive(),
  force_upcast: z.boolean().default(true),
});
export type VaeConfig = z.infer<typeof vaeConfig>;

export const clipVisionConfig = z
  .object({
    hidden_size: count,
    intermediate_size: count,
    num_hidden_layers: count,
    num_attention_heads: count,
    num_channels: z.literal(3).default(3),
    image_size: count,
    patch_size: count,
    projection_dim: count,
    hidden_act: z.enum(['gelu', 'quick_gelu']),
    layer_norm_eps: z.number().positive().default(1e-5),
  })
  .refine(({ hidden_size, num_attention_heads }) => hidden_size % num_attention_heads === 0, {
    path: ['num_attention_heads'],
    message: 'must divide hidden_size',
  });
export type ClipVisionConfig = z.infer<typeof clipVisionConfig>;

const three = z.tuple([z.number(), z.number(), z.number()]);

export const preprocessorConfig = z.object({ image_mean: three, image_std: three });
export type PreprocessorConfig = z.infer<typeof preprocessorConfig>;

/** The index of a network in several files: which file holds which tensor. */
export const weightIndex = z.object({
  weight_map: z.record(z.string(), z.string()).refine((map) => Object.keys(map).length > 0, 'names no tensor'),
});

/** An entry of a `perLevel` setting. */
export const atLevel = (setting: number | readonly number[], level: number): number =>
  typeof setting === 'number' ? setting : (setting[level] as number);
