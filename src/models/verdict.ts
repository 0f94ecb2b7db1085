import { cost } from '../onnx/cost';
import type { Graph } from '../onnx/graph';
import { elementCount } from '../tensor/tensor';
import { vaeFactor } from './autoencoder-kl-temporal-decoder';
import { type GraphOptions, imageEncoderGraph, unetGraph, vaeDecoderGraph, vaeEncoderGraph } from './graphs';
import { type MemoryPlan, type PlannedClip, type PlannedConfigs, planClip } from './plan';

/** What a machine can do, as measured on it. */
export interface Machine {
  readonly backend: 'webgpu' | 'wasm';
  /** What networks compute in there. */
  readonly dtype: 'float32' | 'float16';
  /** Floating-point operations a second that convolutions, matrix products and attention reach at sizes typical of SVD. */
  readonly flops: { readonly conv: number; readonly gemm: number; readonly attention: number };
  /** The largest single tensor: the smaller of a GPU's maxBufferSize and maxStorageBufferBindingSize. */
  readonly maxTensorBytes: number;
}

/** A clip to judge; height and width in pixels. */
export interface JudgedClip extends PlannedClip {
  readonly numInferenceSteps: number;
  /** Guidance above 1 takes two UNet calls a step. */
  readonly maxGuidanceScale: number;
}

/** What a clip would take on a machine. */
export interface Verdict {
  readonly fits: boolean;
  /** Why it does not fit, in a sentence. */
  readonly reason?: string;
  /** Memory at the worst moment. */
  readonly peakBytes: number;
  /** Of computing alone: reading the weights is not in it, nor what takes no multiplications (norms, activations). */
  readonly seconds: number;
  /** The largest setting of a short list that would fit, where this one does not and another does. */
  readonly nearest?: Setting;
}

export type Setting = Pick<JudgedClip, 'frames' | 'width' | 'height'>;

/**
 * Whether a clip fits a machine, and how long it takes there: from the graphs alone, before any weight is there.
 *
 * @param budgetBytes memory that the clip may take
 */
export function verdict(configs: PlannedConfigs, clip: JudgedClip, machine: Machine, budgetBytes: number): Verdict {
  const { plan, reason } = judge(configs, clip, machine, budgetBytes);
  const judged = { peakBytes: plan.peakBytes, seconds: secondsOf(configs, clip, machine) };
  if (!reason) return { ...judged, fits: true };
  const weightsBytes = Math.max(...Object.values(plan.stages).map((stage) => stage.weightsBytes));
  const nearest = largestThatFits(
    // Weights take the same room at any size.
    weightsBytes < budgetBytes ? smallerSettings(clip) : [],
    (setting) => !judge(configs, { ...clip, ...setting }, machine, budgetBytes).reason,
  );
  return { ...judged, fits: false, reason, ...(nearest && { nearest }) };
}

/** By halving: a setting that fits is followed by smaller ones only, which fit too. */
function largestThatFits(settings: readonly Setting[], fits: (setting: Setting) => boolean): Setting | undefined {
  let [first, end] = [0, settings.length];
  while (first < end) {
    const middle = Math.floor((first + end) / 2);
    if (fits(settings[middle] as Setting)) end = middle;
    else first = middle + 1;
  }
  return settings[first];
}

function judge(configs: PlannedConfigs, clip: JudgedClip, machine: Machine, budgetBytes: number) {
  const plan = planClip(configs, clip, machine.dtype, budgetBytes);
  return { plan, reason: reasonAgainst(plan, machine) };
}

function reasonAgainst({ fits, peakBytes, budgetBytes, stages }: MemoryPlan, machine: Machine): string | undefined {
  if (!fits) {
    const allowed =
      machine.backend === 'wasm'
        ? `without a GPU a browser gives ${gigabytes(budgetBytes)} at most`
        : `${gigabytes(budgetBytes)} may be taken`;
    return `It needs ${gigabytes(peakBytes)} of memory, and ${allowed}.`;
  }
  const largest = Math.max(...Object.values(stages).map(({ largestBytes }) => largestBytes));
  if (largest <= machine.maxTensorBytes) return undefined;
  return `Its largest tensor takes ${gigabytes(largest)}, and this GPU holds ${gigabytes(machine.maxTensorBytes)} in one buffer.`;
}

/** Gibibytes by the name that graphics cards are sold by. */
const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GB`;

/** Seconds of all calls of a clip. Chunking changes no arithmetic, so whole graphs are counted. */
function secondsOf({ unet, vae, imageEncoder }: PlannedConfigs, clip: JudgedClip, { flops }: Machine): number {
  const { frames, height, width, numInferenceSteps, maxGuidanceScale } = clip;
  const factor = vaeFactor(vae);
  const latent = { frames, height: height / factor, width: width / factor };
  const seconds = (graph: Graph) =>
    Object.entries(cost(graph).macs).reduce(
      (sum, [operator, count]) => sum + (2 * count) / flops[KINDS[operator] ?? 'gemm'],
      0,
    );
  return (
    seconds(imageEncoderGraph(imageEncoder, WHOLE)) +
    seconds(vaeEncoderGraph(vae, clip, WHOLE)) +
    numInferenceSteps * (maxGuidanceScale > 1 ? 2 : 1) * seconds(unetGraph(unet, latent, WHOLE)) +
    // The decoder's arithmetic is that of a frame, times the frames.
    frames * seconds(vaeDecoderGraph(vae, { frames: 1, height, width }, WHOLE))
  );
}

/** How fast an operator is tells its kind; all others that multiply are matrix products. */
const KINDS: Readonly<Record<string, keyof Machine['flops']>> = { Conv: 'conv', MultiHeadAttention: 'attention' };

/** Shares of a side, and frames, of the settings offered instead. */
const SHARES = [1, 3 / 4, 1 / 2, 3 / 8, 1 / 4];
const FRAMES = [14, 8];

/** Sides of settings offered are multiples of this many pixels: what every level of every SVD halves evenly. */
const SIDE = 64;

/** Smaller settings of about the same shape, the largest first. */
function smallerSettings({ frames, width, height }: Setting): Setting[] {
  const side = (length: number, share: number) => Math.max(SIDE, Math.round((length * share) / SIDE) * SIDE);
  const size = ({ frames, width, height }: Setting) => frames * width * height;
  const counts = [frames, ...FRAMES.filter((count) => count < frames)];
  return SHARES.flatMap((share) =>
    counts.map((count) => ({ frames: count, width: side(width, share), height: side(height, share) })),
  )
    .filter((setting) => size(setting) < size({ frames, width, height }))
    .sort((a, b) => size(b) - size(a));
}

/** These graphs are looked at and never run. */
const WHOLE: GraphOptions = {
  dtype: 'float32',
  locate: (_name, shape) => ({ location: '', offset: 0, length: elementCount(shape) }),
  maxTensorBytes: Number.MAX_SAFE_INTEGER,
};
