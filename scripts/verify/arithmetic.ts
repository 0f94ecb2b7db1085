import { decode } from 'fast-png';
import { pixelValues } from '../../src/processors/clip-image';
import type { Picture } from '../../src/processors/picture';
import { preprocess } from '../../src/processors/video';
import { Generator } from '../../src/random/generator';
import { schedulerFromConfig } from '../../src/schedulers/from-config';
import { type Tensor, tensor } from '../../src/tensor/tensor';
import { type Bench, type Check, maxError, Reference, readJson, relativeError } from './check';

/** Checks of what needs no network: rng/, scheduler/ and the preprocessing of stages/. Limits: the strict ones. */

/** torch draws fewer than 16 numbers one by one and in double, which is exact. */
const rngLimit = (count: number) => (count < 16 ? 0 : 2e-6);

export async function* rng(bench: Bench): AsyncGenerator<Check> {
  if (!bench.files.paths.includes('rng/rng.safetensors')) return;
  const reference = await Reference.open(bench, 'rng/rng.safetensors');
  for (const name of reference.names) {
    const [seedName, kind, rest] = name.split('.') as [string, string, string];
    const seed = Number(seedName.slice('seed'.length));
    const expected = await reference.read(name);
    const limit = rngLimit(expected.data.length);
    const made = (actual: Tensor): Check => ({
      stage: 'rng',
      case: name,
      error: maxError(actual.data, expected.data),
      limit,
      absolute: true,
    });
    if (kind === 'randn') yield made(new Generator(seed).randn(sizesOf(rest)));
    else if (kind === 'randn_fp16') yield made(new Generator(seed).randn(sizesOf(rest), 'float16'));
    else if (kind === 'seq_svd') yield made(ofClip(seed, rest, reference, expected));
    else if (kind.startsWith('seq_')) yield made(ofSequence(seed, kind, rest));
  }
}

/** "seq_5_then_64_then_5" draws 5, 64 and 5 numbers from one generator; `which` tells the draw. */
function ofSequence(seed: number, kind: string, which: string): Tensor {
  const generator = new Generator(seed);
  const draws = kind
    .slice('seq_'.length)
    .split('_then_')
    .map((count) => generator.randn([Number(count)]));
  return draws[['first', 'second', 'third', 'fourth'].indexOf(which)] as Tensor;
}

/** The two draws of a clip: the augmentation's noise, of which the reference keeps a corner, then the latents. */
function ofClip(seed: number, which: string, reference: Reference, expected: Tensor): Tensor {
  const generator = new Generator(seed);
  const augmentation = reference.names.find((name) => name.startsWith(`seed${seed}.seq_svd.noise_aug_`)) as string;
  const noise = generator.randn(sizesOf(augmentation.split('noise_aug_')[1] as string));
  if (which.startsWith('latents_')) return generator.randn(sizesOf(which.slice('latents_'.length)));
  const [, channels, rows, columns] = expected.shape as [number, number, number, number];
  const [, , height, width] = noise.shape as [number, number, number, number];
  const corner = tensor([1, channels, rows, columns]);
  for (let i = 0; i < corner.data.length; i++) {
    const [channel, y, x] = [Math.floor(i / rows / columns), Math.floor(i / columns) % rows, i % columns];
    corner.data[i] = noise.data[(channel * height + y) * width + x] as number;
  }
  return corner;
}

const sizesOf = (text: string): number[] => text.split('x').map(Number);

interface ToyRuns {
  readonly config?: Record<string, unknown>;
  readonly parameters?: Record<string, unknown>;
  readonly runs: Record<string, ToyRun>;
}

interface ToyRun {
  readonly num_inference_steps: number;
  readonly noise_seed?: number;
  readonly init_noise_sigma: number;
  readonly sigmas: number[];
  readonly timesteps: number[];
  readonly initial_sample: number[];
  readonly steps: { model_output: number[]; scaled_input: number[]; prev_sample: number[] }[];
}

/** What the toy runs may differ by in one or two steps: x falls from 700 to 1 there, and float32 with it. */
const FEW_STEPS_LIMIT = 2e-4;

export async function* schedulers(bench: Bench): AsyncGenerator<Check> {
  for (const path of bench.files.paths.filter((each) => /^scheduler\/[^/]+\.json$/.test(each)).sort()) {
    const { config, parameters, runs } = await readJson<ToyRuns>(bench, path);
    const settings = config ?? { _class_name: 'AnimateLCMSVDStochasticIterativeScheduler', ...parameters };
    const name = path.slice('scheduler/'.length, -'.json'.length);
    for (const run of Object.values(runs)) yield* toyRun(name, settings, run);
  }
}

function* toyRun(name: string, config: Record<string, unknown>, run: ToyRun): Iterable<Check> {
  const steps = run.num_inference_steps;
  const scheduler = schedulerFromConfig(config, steps);
  const check = (what: string, error: number, limit = 1e-6): Check => ({
    stage: 'scheduler',
    case: `${name} ${steps} ${what}`,
    error,
    limit,
  });
  yield check('sigmas', relativeError(scheduler.sigmas, run.sigmas));
  yield check('timesteps', relativeError(scheduler.timesteps, run.timesteps));
  yield check('init_noise_sigma', relativeError([scheduler.initNoiseSigma], [run.init_noise_sigma]));

  const generator = new Generator(run.noise_seed ?? 0);
  const toy = (values: number[]) => tensor([values.length], Float32Array.from(values));
  let sample = toy(run.initial_sample);
  let scaledError = 0;
  let sampleError = 0;
  run.steps.forEach(({ model_output, scaled_input, prev_sample }, k) => {
    scaledError = Math.max(scaledError, relativeError(scheduler.scaleModelInput(sample, k).data, scaled_input));
    sample = scheduler.step(toy(model_output), k, sample, generator);
    sampleError = Math.max(sampleError, (steps <= 2 ? maxError : relativeError)(sample.data, prev_sample));
  });
  const limit = steps <= 2 ? FEW_STEPS_LIMIT : 1e-6;
  yield check('scaled inputs', scaledError, limit);
  yield { ...check('samples', sampleError, limit), absolute: steps <= 2 };
}

export async function* preprocessing(bench: Bench): AsyncGenerator<Check> {
  if (!bench.files.paths.includes('stages/preprocess.safetensors')) return;
  const reference = await Reference.open(bench, 'stages/preprocess.safetensors');
  for (const name of reference.names) {
    const [pictureName, what] = name.split('.') as [string, string];
    const expected = await reference.read(name);
    const [, , height, width] = expected.shape as [number, number, number, number];
    const picture = await readPicture(bench, `stages/image_${pictureName}.png`);
    if (what === 'pixel_values') {
      const { data } = pixelValues(picture, await clipPreprocessor(bench), height);
      yield { stage: 'preprocess', case: name, error: maxError(data, expected.data), limit: 5e-5, absolute: true };
    } else {
      const { data } = preprocess(picture, width, height);
      const resized = picture.width !== width || picture.height !== height;
      const error = resized ? roundingError(data, expected.data) : maxError(data, expected.data);
      yield { stage: 'preprocess', case: name, error, limit: resized ? 1 / 127 : 1e-6, absolute: true };
    }
  }
}

/** One 8-bit step (2/255) rounds the other way now and then; in more than one value of a thousand it is a fault. */
function roundingError(actual: Float32Array, expected: Float32Array): number {
  const others = actual.filter((value, i) => Math.abs(value - (expected[i] as number)) > 1e-6).length;
  return others > actual.length / 1000 ? Number.POSITIVE_INFINITY : maxError(actual, expected);
}

/** An 8-bit RGB PNG. */
export async function readPicture({ files }: Bench, path: string): Promise<Picture> {
  const { width, height, data, channels } = decode(new Uint8Array(await (await files.open(path)).arrayBuffer()));
  if (channels !== 3) throw new Error(`${path} has ${channels} channels; reference pictures are RGB.`);
  return { width, height, data: Uint8Array.from(data) };
}

/** CLIP's own mean and deviation, where the folder has no preprocessor_config.json. */
const CLIP = {
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
};

async function clipPreprocessor(bench: Bench): Promise<typeof CLIP> {
  const path = bench.files.paths.find((each) => each.endsWith('feature_extractor/preprocessor_config.json'));
  return path ? readJson(bench, path) : CLIP;
}
