import type { PlannedClip } from './plan';

/** What a machine can do, as measured on it, and how much memory a clip may take there. */
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
  /** Of computing alone: reading the weights is not in it. */
  readonly seconds: number;
  /** The largest setting of a short list that would fit, where this one does not and another does. */
  readonly nearest?: { readonly frames: number; readonly width: number; readonly height: number };
}
