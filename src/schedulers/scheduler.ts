import type { Generator } from '../random/generator';
import type { Tensor } from '../tensor/tensor';

/**
 * A noise schedule of a given number of steps, and the rule that takes a sample from one noise level to the next.
 * It never changes: the step is an argument, and the tensors given are left as they are.
 *
 * Members bear the names of diffusers' schedulers.
 */
export interface Scheduler {
  /** Noise levels, falling: one of each step and a final 0. In units of the latents' standard deviation. */
  readonly sigmas: Float32Array<ArrayBuffer>;
  /** What the UNet is told of each step's noise level: ln(sigma) / 4. */
  readonly timesteps: Float32Array<ArrayBuffer>;
  /** What normal random numbers are multiplied by to make the first sample. */
  readonly initNoiseSigma: number;

  /**
   * The sample brought to variance 1, as the UNet wants to see it.
   *
   * @throws RangeError if there is no such step
   */
  scaleModelInput(sample: Tensor, stepIndex: number): Tensor;

  /**
   * The sample at the next noise level.
   *
   * @param modelOutput what the UNet made of the scaled sample, in the sample's shape
   * @param generator draws the noise of schedulers that add some; the others leave it alone
   * @throws RangeError if there is no such step or the shapes differ
   */
  step(modelOutput: Tensor, stepIndex: number, sample: Tensor, generator: Generator): Tensor;
}
