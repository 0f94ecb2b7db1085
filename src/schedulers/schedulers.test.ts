import { describe, expect, test } from 'vitest';
import { maxError, readReferenceJson } from '../../reference/read';
import { Generator } from '../random/generator';
import { tensor } from '../tensor/tensor';
import { schedulerFromConfig } from './from-config';
import type { SchedulerConfig } from './scheduler-config';

interface Run {
  readonly num_inference_steps: number;
  readonly noise_seed?: number;
  readonly init_noise_sigma: number;
  readonly sigmas: number[];
  readonly timesteps: number[];
  readonly initial_sample: number[];
  readonly steps: {
    step: number;
    model_output: number[];
    scaled_input: number[];
    noise?: number[];
    prev_sample: number[];
  }[];
}

const euler = readReferenceJson<{ config: SchedulerConfig; toy: number[]; runs: Record<string, Run> }>(
  'scheduler/euler.json',
);
const animateLCM = readReferenceJson<{ parameters: SchedulerConfig; toy: number[]; runs: Record<string, Run> }>(
  'scheduler/animatelcm.json',
);
const animateLCMName = { _class_name: 'AnimateLCMSVDStochasticIterativeScheduler' };
const families = [
  ['EulerDiscreteScheduler', euler.config, Object.values(euler.runs)],
  ['AnimateLCM-SVD', { ...animateLCM.parameters, ...animateLCMName }, Object.values(animateLCM.runs)],
] as const;

const unused = new Generator(0);
const sample = (values: ArrayLike<number>) => tensor([values.length], Float32Array.from(values));
/** The largest error of any element over that element; of an element that should be 0, the element itself. */
const relativeError = (actual: ArrayLike<number>, expected: number[]) =>
  maxError(
    expected.map((value, i) => (actual[i] as number) / (value || 1)),
    expected.map((value) => (value === 0 ? 0 : 1)),
  );
const largest = (values: number[]) => Math.max(...values.map(Math.abs));

describe.each(families)('%s', (_, config, runs) => {
  describe.each(runs)('in $num_inference_steps steps', (run) => {
    const scheduler = schedulerFromConfig(config, run.num_inference_steps);

    test('has the noise levels and timesteps of the reference', () => {
      expect(relativeError(scheduler.sigmas, run.sigmas)).toBeLessThan(1e-6);
      expect(relativeError(scheduler.timesteps, run.timesteps)).toBeLessThan(1e-6);
      expect(relativeError([scheduler.initNoiseSigma], [run.init_noise_sigma])).toBeLessThan(1e-6);
    });

    test('takes the toy sample through the values of the reference', () => {
      const generator = new Generator(run.noise_seed ?? 0);
      let x = sample(run.initial_sample);
      for (const { step, model_output, scaled_input, prev_sample } of run.steps) {
        const scaled = scheduler.scaleModelInput(x, step);
        expect(maxError(scaled.data, scaled_input)).toBeLessThan(1e-6 * largest(scaled_input));
        x = scheduler.step(sample(model_output), step, x, generator);
        expect(maxError(x.data, prev_sample)).toBeLessThan(1e-6 * largest(prev_sample));
      }
    });
  });

  test('leaves the tensors it is given as they are', () => {
    const scheduler = schedulerFromConfig(config, 4);
    const given = sample([1, 2]);
    const output = sample([3, 4]);
    scheduler.scaleModelInput(given, 0);
    scheduler.step(output, 1, given, new Generator(0));
    expect([...given.data, ...output.data]).toEqual([1, 2, 3, 4]);
  });

  test.each([0, -1, 2.5, Number.NaN])('refuses %d steps', (steps) => {
    expect(() => schedulerFromConfig(config, steps)).toThrow(RangeError);
  });

  test('refuses a step it does not have and an output of another shape', () => {
    const scheduler = schedulerFromConfig(config, 4);
    expect(() => scheduler.scaleModelInput(sample([1]), 4)).toThrow('There is no step 4');
    expect(() => scheduler.step(sample([1]), -1, sample([1]), unused)).toThrow('There is no step -1');
    expect(() => scheduler.step(sample([1]), 0, sample([1, 2]), unused)).toThrow('must have the sample');
  });
});

test('AnimateLCM draws noise at every step, also at the last, but none for a single one', () => {
  const drawn = new Generator(5);
  schedulerFromConfig(animateLCMName, 2).step(sample([1, 2]), 1, sample([3, 4]), drawn);
  const expected = new Generator(5);
  expected.randn([2]);
  expect(drawn.randn([16]).data).toEqual(expected.randn([16]).data);

  const untouched = new Generator(5);
  schedulerFromConfig(animateLCMName, 1).step(sample([1, 2]), 0, sample([3, 4]), untouched);
  expect(untouched.randn([16]).data).toEqual(new Generator(5).randn([16]).data);
});

test('AnimateLCM without parameters is the one its authors demonstrate', () => {
  const { sigmas } = schedulerFromConfig(animateLCMName, 4);
  expect(sigmas).toEqual(schedulerFromConfig({ ...animateLCM.parameters, ...animateLCMName }, 4).sigmas);
  expect(() => schedulerFromConfig(animateLCMName, 41)).toThrow('of 1 to 40, not 41');
});

test('the first sample has another size where timesteps are not spaced "leading"', () => {
  const scheduler = schedulerFromConfig({ ...euler.config, timestep_spacing: 'linspace' }, 4);
  expect(scheduler.initNoiseSigma).toBe(700);
});

test.each([
  ['prediction_type', 'epsilon'],
  ['prediction_type', undefined],
  ['use_karras_sigmas', false],
  ['timestep_type', 'discrete'],
  ['final_sigmas_type', 'sigma_min'],
  ['sigma_max', null],
  ['sigma_min', '0.002'],
  ['sigma_min', 800],
  ['_class_name', 'DDIMScheduler'],
  ['_class_name', 'constructor'],
])('a config with %s = %j is refused by that name', (key, value) => {
  expect(() => schedulerFromConfig({ ...euler.config, [key]: value }, 4)).toThrow(key);
});

test('AnimateLCM with clipping is refused', () => {
  expect(() => schedulerFromConfig({ ...animateLCMName, clip_denoised: true }, 4)).toThrow('clip_denoised');
});
