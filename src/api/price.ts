import type { Settings } from '../pipelines/settings';
import type { Face } from './job';

/** Stability charges a flat 20 credits a clip, and sells them at a cent each. */
export const CREDITS_PER_CLIP = 20;
export const CREDITS_PER_DOLLAR = 100;

/** VoltageGPU's price of Stable Video Diffusion; clips of the Videos API are metered at it too. */
export const DOLLARS_PER_SECOND = 0.15;

/** What one clip would have cost, in dollars. */
export const priceOf = (face: Face, { numFrames, fps }: Settings): number =>
  face === 'stability' ? CREDITS_PER_CLIP / CREDITS_PER_DOLLAR : (DOLLARS_PER_SECOND * numFrames) / fps;
