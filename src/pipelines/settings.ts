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

/** [smallest, largest, whole numbers only] */
const RANGES: Readonly<Record<keyof Settings, readonly [min: number, max: number, whole: boolean]>> = {
  width: [16, 4096, true],
  height: [16, 4096, true],
  numFrames: [1, 25, true],
  fps: [1, 60, true],
  motionBucketId: [0, 255, true],
  noiseAugStrength: [0, 1, false],
  numInferenceSteps: [1, 100, true],
  minGuidanceScale: [0, 20, false],
  maxGuidanceScale: [0, 20, false],
  decodeChunkSize: [1, 25, true],
  seed: [0, 4294967295, true],
};

/**
 * Checks what came from a form, a saved page or a stranger's request.
 *
 * @param sizeMultiple pixels; width and height must be multiples of it (the VAE's factor)
 * @throws SettingsError
 */
export function checkSettings(settings: Settings, sizeMultiple: number): void {
  for (const [key, [min, max, whole]] of Object.entries(RANGES)) {
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
  if (settings.minGuidanceScale > 1 && settings.maxGuidanceScale <= 1) {
    throw new SettingsError(
      `A maximum guidance of ${settings.maxGuidanceScale} turns guidance off, but the minimum of ` +
        `${settings.minGuidanceScale} asks for it. Raise the maximum above 1, or lower the minimum to 1.`,
    );
  }
}
