import { Checkpoint } from '../../src/checkpoints/checkpoint';
import type { Settings } from '../../src/pipelines/settings';
import { type Networks, type PipelineEvent, stableVideoDiffusion } from '../../src/pipelines/stable-video-diffusion';
import { postprocessVideo } from '../../src/processors/video';
import { schedulerFromConfig } from '../../src/schedulers/from-config';
import { checkpointFacts, networksFrom } from '../../workers/inference/networks';
import { readPicture } from './arithmetic';
import { type Bench, type Check, maxError, Reference, readJson, relativeError } from './check';
import { checkpointFiles } from './stages';

/** Checks of whole runs against pipeline/: the noise is our own, from the run's seed. Limits: the loose ones. */

interface Run {
  readonly run: {
    readonly num_inference_steps: number;
    readonly min_guidance_scale: number;
    readonly max_guidance_scale: number;
    readonly fps: number;
    readonly motion_bucket_id: number;
    readonly noise_aug_strength: number;
    readonly decode_chunk_size?: number;
  };
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  readonly num_frames: number;
  readonly scheduler: string;
  /** Path in the reference folder. */
  readonly image: string;
}

/** A random network amplifies rounding at each step. */
const limitOf = (steps: number) => (steps <= 4 ? 2e-3 : steps <= 6 ? 4e-3 : 2e-2);

/** A channel of an 8-bit frame may be off by this. */
const PNG_LIMIT = 2;

export async function* pipelines(bench: Bench): AsyncGenerator<Check> {
  const files = checkpointFiles(bench);
  if (!files || !bench.files.paths.includes('pipeline/pipeline_meta.json')) return;
  const checkpoint = await Checkpoint.open(files);
  const runs = await readJson<Record<string, Run>>(bench, 'pipeline/pipeline_meta.json');
  for (const [name, run] of Object.entries(runs)) {
    if (bench.files.paths.includes(`pipeline/${name}/tensors.safetensors`))
      yield* pipeline(bench, checkpoint, name, run);
  }
}

async function* pipeline(bench: Bench, checkpoint: Checkpoint, name: string, run: Run): AsyncGenerator<Check> {
  const reference = await Reference.open(bench, `pipeline/${name}/tensors.safetensors`);
  const settings = settingsOf(run);
  const limit = limitOf(settings.numInferenceSteps);
  const compare = async (expected: string, actual: Float32Array): Promise<Check> => ({
    stage: 'pipeline',
    case: `${name} ${expected}`,
    error: relativeError(actual, (await reference.read(expected)).data),
    limit,
  });
  for await (const event of clip(bench, checkpoint, run, settings)) {
    if (event.stage === 'denoising') {
      const expected = event.step ? `latents_after_step_${twoDigits(event.step - 1)}` : 'latents_initial_scaled';
      if (reference.has(expected)) yield await compare(expected, event.latents.data);
    } else if (event.stage === 'decoding') {
      yield* compareFrames(bench, reference, name, event, limit);
    }
  }
}

/** The frames of one chunk, each against the raw reference and, where there is one, against its PNG. */
async function* compareFrames(
  bench: Bench,
  reference: Reference,
  name: string,
  { first, sample }: PipelineEvent & { stage: 'decoding' },
  limit: number,
): AsyncGenerator<Check> {
  const [count, , height, width] = sample.shape as [number, number, number, number];
  const rgba = postprocessVideo(sample);
  const length = sample.data.length / count;
  const whole = reference.has('decoded_frames') ? await reference.read('decoded_frames') : undefined;
  for (let i = 0; i < count; i++) {
    const frame = first + i;
    const actual = sample.data.subarray(i * length, (i + 1) * length);
    const single = `decoded_frames.frame_${frame}`;
    const expected =
      whole?.data.subarray(frame * length, (frame + 1) * length) ??
      (reference.has(single) ? (await reference.read(single)).data : undefined);
    if (expected)
      yield {
        stage: 'pipeline',
        case: `${name} decoded_frames ${frame}`,
        error: relativeError(actual, expected),
        limit,
      };
    const path = `pipeline/${name}/frame_${twoDigits(frame)}.png`;
    if (bench.files.paths.includes(path)) {
      const pixels = rgba.subarray(i * width * height * 4, (i + 1) * width * height * 4).filter((_, k) => k % 4 < 3);
      const error = maxError(pixels, (await readPicture(bench, path)).data);
      yield {
        stage: 'pipeline',
        case: `${name} frame_${twoDigits(frame)}.png`,
        error,
        limit: PNG_LIMIT,
        absolute: true,
      };
    }
  }
}

const twoDigits = (n: number): string => String(n).padStart(2, '0');

async function* clip(
  bench: Bench,
  checkpoint: Checkpoint,
  run: Run,
  settings: Settings,
): AsyncGenerator<PipelineEvent> {
  const picture = await readPicture(bench, run.image);
  const lcm = { _class_name: 'AnimateLCMSVDStochasticIterativeScheduler' };
  const config = /AnimateLCM/i.test(run.scheduler) ? lcm : checkpoint.scheduler;
  const networks: Networks = networksFrom(checkpoint, 'float32', (graph, blobs) => bench.open(graph, blobs));
  yield* stableVideoDiffusion(
    picture,
    settings,
    checkpointFacts(checkpoint),
    networks,
    schedulerFromConfig(config, settings.numInferenceSteps),
  );
}

function settingsOf({ run, seed, width, height, num_frames }: Run): Settings {
  return {
    width,
    height,
    numFrames: num_frames,
    fps: run.fps,
    motionBucketId: run.motion_bucket_id,
    noiseAugStrength: run.noise_aug_strength,
    numInferenceSteps: run.num_inference_steps,
    minGuidanceScale: run.min_guidance_scale,
    maxGuidanceScale: run.max_guidance_scale,
    decodeChunkSize: run.decode_chunk_size ?? num_frames,
    seed,
  };
}
