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
  /** Guidance weight of the first frame. */
  readonly minGuidanceScale: number;
  /** Guidance weight of the last frame; at 1 or below guidance is off and a step costs one UNet call, not two. */
  readonly maxGuidanceScale: number;
  /** Frames decoded together; smaller needs less memory and changes the result slightly. */
  readonly decodeChunkSize: number;
  /** 0 to 4294967295. The same seed, settings and checkpoint give the same clip. */
  readonly seed: number;
}
