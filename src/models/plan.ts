import { cost } from '../onnx/cost';
import type { Graph } from '../onnx/graph';
import { type Memory, memory } from '../onnx/memory';
import { DTYPE_BYTES } from '../tensor/dtype';
import { elementCount } from '../tensor/tensor';
import { vaeFactor } from './autoencoder-kl-temporal-decoder';
import { atLevel, type ClipVisionConfig, type UNetConfig, type VaeConfig } from './config';
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
  /** Bytes of the largest tensor. */
  readonly largestBytes: number;
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

/**
 * How small parts may be, from the least chunking to the most: in frames of a network's first level, of which its other levels'
 * frames are simple fractions, so that parts of different levels have the same size and use each other's buffers. Smaller ones
 * would make graphs of 100,000 nodes, which ONNX Runtime takes minutes to open.
 */
const PARTS: Readonly<Record<Stage, readonly number[]>> = {
  imageEncoder: [],
  vaeEncoder: [1, 1 / 4, 1 / 16],
  unet: [8, 4, 2, 1],
  vaeDecoder: [2, 1, 1 / 2, 1 / 4],
};

/**
 * How to run a clip within a budget of GPU memory: for every stage the least chunking that fits. Chunking changes no number, but
 * for the decoder's frames at a time, of which the plan takes the most that fit.
 */
export function planClip(
  configs: PlannedConfigs,
  clip: PlannedClip,
  dtype: 'float32' | 'float16',
  budgetBytes: number,
): MemoryPlan {
  return planner(configs, clip, dtype)(budgetBytes);
}

/** The same for any number of budgets: what was worked out for one serves the others. */
export function planner(configs: PlannedConfigs, clip: PlannedClip, dtype: 'float32' | 'float16') {
  const { unet, vae, imageEncoder } = configs;
  const { frames, height, width } = clip;
  const factor = vaeFactor(vae);
  const latent = { frames, height: height / factor, width: width / factor };
  const encoderDtype = vae.force_upcast ? 'float32' : dtype;
  const pixels = elementCount([atLevel(vae.block_out_channels, 0), height, width]);
  const latents = elementCount([atLevel(unet.block_out_channels, 0), latent.height, latent.width]);
  const sessions = {
    imageEncoder: session('imageEncoder', 0, 1, dtype, (options) => imageEncoderGraph(imageEncoder, options)),
    vaeEncoder: session('vaeEncoder', pixels, 1, encoderDtype, (options) => vaeEncoderGraph(vae, clip, options)),
    unet: session('unet', latents, frames, dtype, (options) => unetGraph(unet, latent, options)),
  };
  const decoder = decoders(vae, clip, dtype);
  return (budgetBytes: number): MemoryPlan => {
    const stages: Record<Stage, StagePlan> = {
      imageEncoder: leastChunking(sessions.imageEncoder, budgetBytes),
      vaeEncoder: leastChunking(sessions.vaeEncoder, budgetBytes),
      unet: leastChunking(sessions.unet, budgetBytes),
      vaeDecoder: decoder(budgetBytes),
    };
    const peakBytes = Math.max(...Object.values(stages).map((stage) => stage.peakBytes));
    return { budgetBytes, stages, peakBytes, fits: peakBytes <= budgetBytes };
  };
}

/** The ways to build a session, from the least chunking to the most; each is worked out when it is first asked for. */
type Ways = readonly (() => StagePlan)[];

function session(
  stage: Stage,
  frameElements: number,
  frames: number,
  dtype: 'float32' | 'float16',
  build: (options: GraphOptions) => Graph,
): Ways {
  const parts = PARTS[stage].map((share) => share * frameElements * DTYPE_BYTES[dtype]);
  const limits = [LARGEST_TENSOR_BYTES, ...parts.filter((bytes) => bytes < LARGEST_TENSOR_BYTES)];
  return limits.map((maxTensorBytes) =>
    once(() => {
      const graph = build({ dtype, locate: nowhere, maxTensorBytes });
      return { ...memory(graph), dtype, maxTensorBytes, frames, largestBytes: cost(graph).largestBytes };
    }),
  );
}

/** The first way that fits, by halving, for more chunking is less memory; the last where none does. */
function leastChunking(ways: Ways, budgetBytes: number): StagePlan {
  const plan = (index: number) => (ways[index] as Ways[number])();
  return plan(firstOf(ways.length - 1, (index) => plan(index).peakBytes <= budgetBytes));
}

/** The decoder of as many frames as fit at once, or of those that the user chose, for any budget. */
function decoders(vae: VaeConfig, { decodeChunkSize, ...clip }: PlannedClip, dtype: 'float32' | 'float16') {
  const { frames, height, width } = clip;
  const pixels = elementCount([atLevel(vae.block_out_channels, 0), height, width]);
  const build = (chunk: number) => (options: GraphOptions) => vaeDecoderGraph(vae, { ...clip, frames: chunk }, options);
  const known = new Map<number, Ways>();
  const ways = (chunk: number) => {
    const found = known.get(chunk) ?? session('vaeDecoder', pixels, chunk, dtype, build(chunk));
    known.set(chunk, found);
    return found;
  };
  return (budgetBytes: number): StagePlan => {
    const plan = (chunk: number) => leastChunking(ways(chunk), budgetBytes);
    if (decodeChunkSize) return plan(Math.min(frames, decodeChunkSize));
    const fits = (chunk: number) => {
      const { largestBytes, peakBytes } = plan(chunk);
      return largestBytes <= LARGEST_TENSOR_BYTES && peakBytes <= budgetBytes;
    };
    const most = frames - firstOf(frames - 1, (fewer) => fits(frames - fewer));
    // Odd numbers are cut less evenly, and may need more than the even one after them.
    return plan([most + 2, most + 1].find((more) => more <= frames && fits(more)) ?? most);
  };
}

/** How to decode a clip within a budget: the most frames at a time that fit. At least one, even where that does not. */
export function planDecoder(
  vae: VaeConfig,
  clip: ClipShape,
  dtype: 'float32' | 'float16',
  budgetBytes: number,
): StagePlan {
  return decoders(vae, clip, dtype)(budgetBytes);
}

/** The first of 0..last that passes, if all after it pass too; `last` where none does. */
function firstOf(last: number, passes: (index: number) => boolean): number {
  let [first, end] = [0, last];
  while (first < end) {
    const middle = Math.floor((first + end) / 2);
    if (passes(middle)) end = middle;
    else first = middle + 1;
  }
  return first;
}

function once<T extends object>(work: () => T): () => T {
  let result: T | undefined;
  return () => {
    result ??= work();
    return result;
  };
}

/** These graphs are looked at and never run. */
const nowhere = (_name: string, shape: readonly number[]) => ({ location: '', offset: 0, length: elementCount(shape) });
