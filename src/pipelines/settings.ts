import { guidanceFault } from './guidance';

/**
 * What a caller chooses for one clip: the arguments of diffusers' StableVideoDiffusionPipeline.__call__, in camelCase.
 */
export interface Settings {
  /** Pixels; a multiple of the VAE's factor. */
  readonly width: number;
  /** Pixels; a multiple of the VAE's factor. */
  readonly height: number;
  /** Frames of the clip, 1 to 25. */
  readonly numFrames: number;
  /** Frames per second, 1 to 60: conditions the motion and sets the pace of the file. */
  readonly fps: number;
  /** How much should move, 0 to 255. */
  readonly motionBucketId: number;
  /** Standard deviation of the noise added to the picture, 0 to 1, on pixels of -1..1. */
  readonly noiseAugStrength: number;
  /** Denoising steps, 1 to 100. */
  readonly numInferenceSteps: number;
  /** Guidance weight of the first frame, 0 to 20. */
  readonly minGuidanceScale: number;
  /** Guidance weight of the last frame, 0 to 20; at 1 or below guidance is off and a step costs one UNet call, not two. */
  readonly maxGuidanceScale: number;
  /** Frames decoded together, 1 to 25; fewer need less memory and change the result slightly. */
  readonly decodeChunkSize: number;
  /** 0 to 4294967295. The same seed, settings and checkpoint give the same clip. */
  readonly seed: number;
}

/** Settings that cannot be used; the message says which one, its range, and what was given. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** What a setting may be. */
export interface Range {
  readonly min: number;
  readonly max: number;
  /** Whether only whole numbers will do. */
  readonly whole: boolean;
}

const wholes = (min: number, max: number): Range => ({ min, max, whole: true });
const reals = (min: number, max: number): Range => ({ min, max, whole: false });

/** The range of each setting. */
export const RANGES: Readonly<Record<keyof Settings, Range>> = {
  width: wholes(16, 4096),
  height: wholes(16, 4096),
  numFrames: wholes(1, 25),
  fps: wholes(1, 60),
  motionBucketId: wholes(0, 255),
  noiseAugStrength: reals(0, 1),
  numInferenceSteps: wholes(1, 100),
  minGuidanceScale: reals(0, 20),
  maxGuidanceScale: reals(0, 20),
  decodeChunkSize: wholes(1, 25),
  seed: wholes(0, 4294967295),
};

/**
 * Checks what came from a form, a saved page or a stranger's request.
 *
 * @param sizeMultiple pixels; width and height must be multiples of it (the VAE's factor)
 * @throws SettingsError
 */
export function checkSettings(settings: Settings, sizeMultiple: number): void {
  for (const [key, { min, max, whole }] of Object.entries(RANGES)) {
    const value = settings[key as keyof Settings];
    if (!(value >= min && value <= max) || (whole && !Number.isInteger(value))) {
      throw new SettingsError(`${key} must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}, not ${value}.`);
    }
  }
  for (const key of ['width', 'height'] as const) {
    if (settings[key] % sizeMultiple) {
      throw new SettingsError(
        `${key} must be a multiple of ${sizeMultiple} pixels for this model, not ${settings[key]}.`,
      );
    }
  }
  const fault = guidanceFault(settings.minGuidanceScale, settings.maxGuidanceScale);
  if (fault) throw new SettingsError(fault);
}
