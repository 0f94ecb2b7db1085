import type { Graph } from '../onnx/graph';
import { type Memory, memory } from '../onnx/memory';
import { elementCount } from '../tensor/tensor';
import { vaeFactor } from './autoencoder-kl-temporal-decoder';
import type { ClipVisionConfig, UNetConfig, VaeConfig } from './config';
import { largestDecodeChunk } from './decode-chunk';
import {
  type ClipShape,
  type GraphOptions,
  imageEncoderGraph,
  unetGraph,
  vaeDecoderGraph,
  vaeEncoderGraph,
} from './graphs';

/** The four sessions of a clip, in the order of a run. One is open at a time, so the largest decides. */
export const STAGES = ['imageEncoder', 'vaeEncoder', 'unet', 'vaeDecoder'] as const;
export type Stage = (typeof STAGES)[number];

/** The networks' configs; a Checkpoint has them. */
export interface PlannedConfigs {
  readonly unet: UNetConfig;
  readonly vae: VaeConfig;
  readonly imageEncoder: ClipVisionConfig;
}

/** One session as it is to be built, and the GPU memory that it will take. */
export interface StagePlan extends Memory {
  /** What the stage computes in: the VAE's encoder asks for float32 by `force_upcast`. */
  readonly dtype: 'float32' | 'float16';
  /** For the stage's graph; see GraphOptions. */
  readonly maxTensorBytes: number;
  /** Frames of a call: the clip's, in the decoder those of a chunk, in the encoders 1. */
  readonly frames: number;
}

export interface MemoryPlan {
  readonly budgetBytes: number;
  readonly stages: Readonly<Record<Stage, StagePlan>>;
  /** Of the largest stage. */
  readonly peakBytes: number;
  /** Whether the peak is within the budget. Where it is not, the plan is the smallest that there is. */
  readonly fits: boolean;
}

/** A clip to plan for; height and width in pixels. `decodeChunkSize` where the user chose one, else the planner does. */
export interface PlannedClip extends ClipShape {
  readonly decodeChunkSize?: number;
}

/** The largest tensor that every browser lets a GPU hold: Firefox's and iOS's limit. */
const LARGEST_TENSOR_BYTES = 2 ** 30;

/** From the least chunking to the most. */
const TENSOR_LIMITS = [1024, 512, 256, 128, 64, 32, 16, 8].map((mebibytes) => mebibytes * 2 ** 20);

/**
 * How to run a clip within a budget of GPU memory: for every stage the least chunking that fits. Chunking changes no number,
 * but for the decoder's frames at a time, of which the plan takes the most that fit.
 */
export function planClip(
  { unet, vae, imageEncoder }: PlannedConfigs,
  clip: PlannedClip,
  dtype: 'float32' | 'float16',
  budgetBytes: number,
): MemoryPlan {
  const { frames, height, width } = clip;
  const factor = vaeFactor(vae);
  const latent = { frames, height: height / factor, width: width / factor };
  const encoderDtype = vae.force_upcast ? 'float32' : dtype;
  const decoder = (chunk: number) =>
    planStage((options) => vaeDecoderGraph(vae, { ...clip, frames: chunk }, options), chunk, dtype, budgetBytes);
  const stages: Record<Stage, StagePlan> = {
    imageEncoder: planStage((options) => imageEncoderGraph(imageEncoder, options), 1, dtype, budgetBytes),
    vaeEncoder: planStage((options) => vaeEncoderGraph(vae, clip, options), 1, encoderDtype, budgetBytes),
    unet: planStage((options) => unetGraph(unet, latent, options), frames, dtype, budgetBytes),
    vaeDecoder: clip.decodeChunkSize
      ? decoder(Math.min(frames, clip.decodeChunkSize))
      : mostFrames(largestDecodeChunk(vae, clip, dtype, LARGEST_TENSOR_BYTES), decoder, budgetBytes),
  };
  const peakBytes = Math.max(...Object.values(stages).map((stage) => stage.peakBytes));
  return { budgetBytes, stages, peakBytes, fits: peakBytes <= budgetBytes };
}

function mostFrames(frames: number, plan: (chunk: number) => StagePlan, budgetBytes: number): StagePlan {
  let best = plan(1);
  for (let chunk = 2; chunk <= frames; chunk++) {
    const next = plan(chunk);
    if (next.peakBytes > budgetBytes) break;
    best = next;
  }
  return best;
}

function planStage(
  build: (options: GraphOptions) => Graph,
  frames: number,
  dtype: 'float32' | 'float16',
  budgetBytes: number,
): StagePlan {
  let best: StagePlan | undefined;
  for (const maxTensorBytes of TENSOR_LIMITS) {
    const plan = { ...memory(build({ dtype, locate: nowhere, maxTensorBytes })), dtype, maxTensorBytes, frames };
    if (!best || plan.peakBytes < best.peakBytes) best = plan;
    if (best.peakBytes <= budgetBytes) break;
  }
  return best as StagePlan;
}

/** These graphs are looked at and never run. */
const nowhere = (_name: string, shape: readonly number[]) => ({ location: '', offset: 0, length: elementCount(shape) });
