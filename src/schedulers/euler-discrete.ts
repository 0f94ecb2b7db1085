import { type Tensor, tensor } from '../tensor/tensor';
import { karrasRange, karrasSigmas, stepSigmas } from './karras';
import type { Scheduler } from './scheduler';
import { checkStepCount, checkSupported, type SchedulerConfig } from './scheduler-config';
import { predictOriginalSample, scaleToUnitVariance, standardDeviation } from './v-prediction';

const { fround } = Math;

/**
 * Stable Video Diffusion's own scheduler: Euler's method along Karras noise levels, without fresh noise.
 *
 * Source: diffusers 0.40 (58eb52c), schedulers/scheduling_euler_discrete.py, along the path SVD's config takes.
 */
export class EulerDiscreteScheduler implements Scheduler {
  readonly sigmas: Float32Array<ArrayBuffer>;
  readonly timesteps: Float32Array<ArrayBuffer>;
  readonly initNoiseSigma: number;

  /**
   * @throws Error if the config asks for anything but Karras noise levels, continuous timesteps and v-prediction
   * @throws RangeError if the number of steps is not whole and positive
   */
  constructor(config: SchedulerConfig, numInferenceSteps: number) {
    checkSupported(config, {
      prediction_type: { assumed: 'epsilon', supported: 'v_prediction' },
      timestep_type: { assumed: 'discrete', supported: 'continuous' },
      use_karras_sigmas: { assumed: false, supported: true },
      use_exponential_sigmas: { assumed: false, supported: false },
      use_beta_sigmas: { assumed: false, supported: false },
      final_sigmas_type: { assumed: 'zero', supported: 'zero' },
    });
    checkStepCount(numInferenceSteps);
    const range = karrasRange(config);
    // A single step has no ramp to divide: it starts at the top.
    const intervals = Math.max(numInferenceSteps - 1, 1);
    const ramp = Array.from({ length: numInferenceSteps }, (_, k) => k / intervals);
    this.sigmas = Float32Array.of(...karrasSigmas(range, ramp), 0);
    // Of the rounded levels, as in the source: near sigma = 1, where ln is near 0, the rounding shows.
    this.timesteps = this.sigmas.slice(0, -1).map((sigma) => Math.log(sigma) / 4);
    this.initNoiseSigma = config.timestep_spacing === 'leading' ? standardDeviation(range.sigmaMax) : range.sigmaMax;
  }

  scaleModelInput(sample: Tensor, stepIndex: number): Tensor {
    return scaleToUnitVariance(sample, stepSigmas(this.sigmas, stepIndex)[0]);
  }

  step(modelOutput: Tensor, stepIndex: number, sample: Tensor): Tensor {
    const [sigma, nextSigma] = stepSigmas(this.sigmas, stepIndex);
    const original = predictOriginalSample(modelOutput, sigma, sample).data;
    const dt = fround(nextSigma - sigma);
    const previous = sample.data.map((x, i) => {
      const derivative = fround(fround(x - (original[i] as number)) / sigma);
      return x + fround(derivative * dt);
    });
    return tensor(sample.shape, previous);
  }
}
