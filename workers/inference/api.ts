import type { JudgedClip, Machine, Verdict } from '../../src/models/verdict';
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

/**
 * Where a model's files are: a folder of this site, or files that the user holds (in the browser's storage or on disk), by
 * their paths in diffusers' layout. A File passes to the worker as a reference; no byte of it is copied.
 */
export type ModelSource =
  | { readonly kind: 'site'; readonly url: string }
  | { readonly kind: 'files'; readonly name: string; readonly files: ReadonlyMap<string, Blob> };

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
  | { readonly stage: 'decoding'; readonly frame: number; readonly total: number }
  /** Not a stage: a sentence for the user, who keeps it beside the clip. It may come at any time. */
  | { readonly stage: 'notice'; readonly text: string };

/** The machine, and what was measured of it. */
export interface Measured {
  readonly info: BackendInfo;
  readonly machine: Machine;
  /** Memory that a clip may take unless the user says otherwise: a GPU does not tell how much it has. */
  readonly defaultBudgetBytes: number;
}

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
   * Chooses the backend, reads the checkpoint's configs and, of files that the user holds, checks that every weight is
   * there. `wanted` is the backend where the user insists on one. Where it fails, the model that was open stays open.
   */
  open(
    source: ModelSource,
    wanted?: BackendInfo['backend'],
  ): Promise<{ readonly backend: BackendInfo; readonly model: ModelInfo }>;
  /**
   * How fast the backend is that `open` would choose: a benchmark of a few seconds. Refused while a clip is made.
   */
  measure(wanted?: BackendInfo['backend']): Promise<Measured>;
  /**
   * Whether a clip fits a machine and how long it takes there, before any weight is fetched. Takes seconds of computing.
   *
   * @param configs the text of unet/config.json, vae/config.json and image_encoder/config.json by these paths
   * @throws ConfigError
   */
  judge(
    configs: Readonly<Record<string, string>>,
    clip: JudgedClip,
    machine: Machine,
    budgetBytes: number,
  ): Promise<Verdict>;
  /**
   * Makes one clip. One at a time: a second call while one runs is refused.
   *
   * @param budgetBytes memory that it may take, which decides how it is cut up; see Measured
   */
  generate(
    picture: Picture,
    settings: Settings,
    onProgress: (progress: Progress) => void,
    budgetBytes?: number,
  ): Promise<Frames>;
  /** Ends the running clip at its next step; `generate` then rejects with AbortError. Harmless when none runs. */
  cancel(): Promise<void>;
}
