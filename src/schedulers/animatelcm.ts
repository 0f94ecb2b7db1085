import type { Generator } from '../random/generator';
import { type Tensor, tensor } from '../tensor/tensor';
import { karrasRange, karrasSigmas, stepSigmas } from './karras';
import type { Scheduler } from './scheduler';
import { checkStepCount, checkSupported, positiveNumber, type SchedulerConfig } from './scheduler-config';
import { predictOriginalSample, scaleToUnitVariance } from './v-prediction';

const { fround } = Math;

/**
 * The scheduler of AnimateLCM-SVD, a UNet distilled to make a clip in 2 to 8 steps: each step predicts the clean sample
 * and adds fresh noise of the next level.
 *
 * The parameters a config leaves out are those the authors' demonstration uses, not the defaults of their class, which
 * belong to another model.
 *
 * Source: github.com/G-U-N/AnimateLCM (413037e), animatelcm_svd/animatelcm_scheduler.py and app.py.
 */
export class AnimateLCMSVDStochasticIterativeScheduler implements Scheduler {
  readonly sigmas: Float32Array<ArrayBuffer>;
  readonly timesteps: Float32Array<ArrayBuffer>;
  readonly initNoiseSigma: number;

  /**
   * @throws Error if the config asks for clipping, or for another data deviation or noise strength than 1
   * @throws RangeError if the number of steps is not whole, or not 1 to `num_train_timesteps`
   */
  constructor(config: SchedulerConfig, numInferenceSteps: number) {
    checkSupported(config, {
      sigma_data: { assumed: 1, supported: 1 },
      s_noise: { assumed: 1, supported: 1 },
      clip_denoised: { assumed: false, supported: false },
    });
    const trainSteps = positiveNumber(config, 'num_train_timesteps', 40);
    checkStepCount(numInferenceSteps, trainSteps);
    const range = karrasRange(config, { sigmaMin: 0.002, sigmaMax: 700, rho: 7 });
    // Every stride-th of the trained levels, from the top: the lowest levels are left to the last step's jump to 0.
    const stride = Math.floor(trainSteps / numInferenceSteps);
    const intervals = Math.max(trainSteps - 1, 1);
    const ramp = Array.from({ length: numInferenceSteps }, (_, k) => (k * stride) / intervals);
    const levels = karrasSigmas(range, ramp);
    this.sigmas = Float32Array.of(...levels, 0);
    this.timesteps = Float32Array.from(levels, (sigma) => Math.log(sigma) / 4);
    this.initNoiseSigma = Math.sqrt(range.sigmaMax ** 2 + 1);
  }

  scaleModelInput(sample: Tensor, stepIndex: number): Tensor {
    return scaleToUnitVariance(sample, stepSigmas(this.sigmas, stepIndex)[0]);
  }

  step(modelOutput: Tensor, stepIndex: number, sample: Tensor, generator: Generator): Tensor {
    const [sigma, nextSigma] = stepSigmas(this.sigmas, stepIndex);
    const original = predictOriginalSample(modelOutput, sigma, sample);
    if (this.timesteps.length === 1) return original;
    // The last step draws too, though it multiplies by 0: a generator that goes on must have drawn as often.
    const noise = generator.randn(sample.shape).data;
    const previous = original.data.map((x, i) => x + fround(nextSigma * (noise[i] as number)));
    return tensor(sample.shape, previous);
  }
}
