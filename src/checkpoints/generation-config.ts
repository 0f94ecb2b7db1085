import { z } from 'zod';
import { parseConfig } from '../models/config';
import type { Checkpoint } from './checkpoint';
import { readJson } from './checkpoint-files';

/**
 * What a checkpoint is best asked for. diffusers keeps that in its pipeline's code, where it is right for SVD-XT alone; a
 * checkpoint made for something else may carry a generation_config.json beside its model_index.json.
 */
const generationConfig = z.object({
  /** For people. */
  title: z.string().optional(),
  /** [width, height] in pixels, best first. */
  sizes: z
    .array(z.tuple([z.int().positive(), z.int().positive()]))
    .min(1)
    .optional(),
  num_inference_steps: z.int().default(25),
  min_guidance_scale: z.number().default(1),
  max_guidance_scale: z.number().default(3),
  fps: z.int().default(7),
  motion_bucket_id: z.int().default(127),
  noise_aug_strength: z.number().default(0.02),
  /** As many as fit the GPU's memory unless given. */
  decode_chunk_size: z.int().optional(),
});
export type GenerationConfig = z.infer<typeof generationConfig>;

const FILE = 'generation_config.json';

/** SVD was trained at 1024x576; the others have as many pixels. */
const SVD_SIZES: [number, number][] = [
  [1024, 576],
  [576, 1024],
  [768, 768],
];

/**
 * A checkpoint's own recommendation, or diffusers' defaults.
 *
 * @throws ConfigError if the file is there and not what it should be
 */
export async function readGenerationConfig({
  files,
}: Checkpoint): Promise<GenerationConfig & { sizes: [number, number][] }> {
  const json = files.paths.includes(FILE) ? await readJson(files, FILE) : {};
  const config = parseConfig(FILE, generationConfig, json);
  return { ...config, sizes: config.sizes ?? SVD_SIZES };
}
