import { cost } from '../onnx/cost';
import { elementCount } from '../tensor/tensor';
import type { VaeConfig } from './config';
import { type ClipShape, vaeDecoderGraph } from './graphs';

/**
 * How many frames the VAE decoder can take at once so that no activation passes `limitBytes`: at least 1, even where a single
 * frame is above the limit, and at most the clip's.
 */
export function largestDecodeChunk(
  config: VaeConfig,
  { frames, height, width }: ClipShape,
  dtype: 'float32' | 'float16',
  limitBytes: number,
): number {
  // Every activation of the decoder has the frames as an axis, so one frame's graph tells the size of any number's.
  const { largestBytes } = cost(vaeDecoderGraph(config, { frames: 1, height, width }, { dtype, locate: nowhere }));
  return Math.min(frames, Math.max(1, Math.floor(limitBytes / largestBytes)));
}

/** This graph is looked at and never run. */
const nowhere = (_name: string, shape: readonly number[]) => ({ location: '', offset: 0, length: elementCount(shape) });
