import { positiveNumber, type SchedulerConfig } from './scheduler-config';

/** The range of Karras noise levels and their bend: a higher rho spends more steps on little noise. */
export interface KarrasRange {
  readonly sigmaMin: number;
  readonly sigmaMax: number;
  readonly rho: number;
}

/**
 * The range a config names.
 *
 * @param assumed taken where the file is silent; without it `sigma_min` and `sigma_max` must be there
 * @throws Error if the range is missing or empty
 */
export function karrasRange(config: SchedulerConfig, assumed?: KarrasRange): KarrasRange {
  const sigmaMin = positiveNumber(config, 'sigma_min', assumed?.sigmaMin);
  const sigmaMax = positiveNumber(config, 'sigma_max', assumed?.sigmaMax);
  if (sigmaMin >= sigmaMax) {
    throw new Error(`scheduler_config.json must have sigma_min below sigma_max, not ${sigmaMin} and ${sigmaMax}.`);
  }
  return { sigmaMin, sigmaMax, rho: positiveNumber(config, 'rho', assumed?.rho ?? 7) };
}

/**
 * The noise levels at each of `ramp`, which runs from 0 (sigmaMax) towards 1 (sigmaMin), in double precision.
 *
 * Source: Karras et al., "Elucidating the Design Space of Diffusion-Based Generative Models" (2022), equation 5.
 */
export function karrasSigmas({ sigmaMin, sigmaMax, rho }: KarrasRange, ramp: readonly number[]): number[] {
  const highest = sigmaMax ** (1 / rho);
  const lowest = sigmaMin ** (1 / rho);
  return ramp.map((position) => (highest + position * (lowest - highest)) ** rho);
}

/**
 * The noise level a step starts from and the one it reaches.
 *
 * @param stepIndex counted from 0
 * @throws RangeError if there is no such step
 */
export function stepSigmas(sigmas: Float32Array, stepIndex: number): [from: number, to: number] {
  const from = sigmas[stepIndex];
  const to = sigmas[stepIndex + 1];
  if (from === undefined || to === undefined) {
    throw new RangeError(`There is no step ${stepIndex}: the schedule has ${sigmas.length - 1}, counted from 0.`);
  }
  return [from, to];
}
