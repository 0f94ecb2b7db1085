import type { Settings } from '../../src/pipelines/settings';
import type { Picture } from '../../src/processors/picture';

/** Where the networks run. `reason` is a sentence for people: why this backend and not a faster one. */
export interface BackendInfo {
  readonly backend: 'webgpu' | 'wasm';
  readonly dtype: 'float16' | 'float32';
  /** The GPU as its driver names it, or the number of wasm threads: "NVIDIA H200", "2 threads". */
  readonly device: string;
  readonly reason: string;
}

/** What the page must know of a checkpoint to offer settings for it. */
export interface ModelInfo {
  readonly name: string;
  /** Heights and widths must be multiples of this: the VAE's factor, in pixels. */
  readonly sizeMultiple: number;
  /** Sizes the checkpoint was made for, [width, height] in pixels, best first. */
  readonly sizes: readonly (readonly [width: number, height: number])[];
  /** Settings to begin with; the seed is 0. */
  readonly defaults: Settings;
}

/** What the worker tells while it makes a clip, in this order; a stage may be reported many times. */
export type Progress =
  | {
      readonly stage: 'loading';
      readonly part: 'image_encoder' | 'vae' | 'unet';
      readonly loadedBytes: number;
      readonly totalBytes: number;
    }
  | { readonly stage: 'encoding' }
  | { readonly stage: 'denoising'; readonly step: number; readonly total: number }
  | { readonly stage: 'decoding'; readonly frame: number; readonly total: number };

/** A finished clip before it is encoded: RGBA, frame after frame, `numFrames * height * width * 4` bytes. */
export interface Frames {
  readonly width: number;
  readonly height: number;
  readonly numFrames: number;
  readonly fps: number;
  readonly rgba: Uint8Array<ArrayBuffer>;
}

/**
 * The inference worker as the page sees it, through comlink. Errors keep only `name` and `message` on the way;
 * the names a caller may act on are AbortError (cancelled), DeviceLostError, SettingsError, WeightsError, ConfigError
 * and NotFiniteError.
 */
export interface InferenceApi {
  /**
   * Chooses the backend and reads the checkpoint's configs. `modelUrl` is a folder in the diffusers layout, `wanted` the
   * backend where the user insists on one.
   */
  open(
    modelUrl: string,
    wanted?: BackendInfo['backend'],
  ): Promise<{ readonly backend: BackendInfo; readonly model: ModelInfo }>;
  /** Makes one clip. One at a time: a second call while one runs is refused. */
  generate(picture: Picture, settings: Settings, onProgress: (progress: Progress) => void): Promise<Frames>;
  /** Ends the running clip at its next step; `generate` then rejects with AbortError. Harmless when none runs. */
  cancel(): Promise<void>;
}
