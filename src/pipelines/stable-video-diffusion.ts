import type { UNetArguments } from '../models/unet-spatio-temporal-condition';
import { pixelValues } from '../processors/clip-image';
import type { Picture } from '../processors/picture';
import { preprocess } from '../processors/video';
import { Generator } from '../random/generator';
import type { Scheduler } from '../schedulers/scheduler';
import { type Tensor, tensor } from '../tensor/tensor';
import { checkFinite } from './finite';
import { applyGuidance, guidanceScale } from './guidance';
import type { Settings } from './settings';

/** A network that is loaded and ready: arrays in, an array out. */
export interface Network<Inputs> {
  run(inputs: Inputs): Promise<Tensor>;
  /** Frees its memory. It must not be run again. */
  release(): Promise<void>;
}

/** Where the pipeline gets its networks from. Only one is open at a time, so the largest decides how much memory is needed. */
export interface Networks {
  imageEncoder(): Promise<Network<{ readonly pixel_values: Tensor }>>;
  /** For an image of this size, in pixels. */
  vaeEncoder(size: { height: number; width: number }): Promise<Network<{ readonly image: Tensor }>>;
  /** For latents of this shape. */
  unet(shape: { frames: number; height: number; width: number }): Promise<Network<UNetArguments>>;
  /** For latents of so many frames; size in pixels. */
  vaeDecoder(shape: { frames: number; height: number; width: number }): Promise<Network<{ readonly latents: Tensor }>>;
}

/** What the pipeline must know of a checkpoint beside its networks. */
export interface CheckpointFacts {
  /** Pixels a latent stands for, along each side. */
  readonly vaeFactor: number;
  readonly latentChannels: number;
  /** Latents are divided by it before they are decoded. */
  readonly scalingFactor: number;
  /** Side of the image encoder's square input, in pixels. */
  readonly imageSize: number;
  readonly preprocessor: { readonly image_mean: readonly number[]; readonly image_std: readonly number[] };
}

/** What the pipeline tells while it works. */
export type PipelineEvent =
  | { readonly stage: 'encoding' }
  /** `step` of `total` are done; `latents` [1, frames, channels, h, w] are those after it (the noise, where step is 0). */
  | { readonly stage: 'denoising'; readonly step: number; readonly total: number; readonly latents: Tensor }
  /** Frames `first` to `first + sample.shape[0] - 1` of `total`, raw from the decoder: [frames, 3, height, width], about -1..1. */
  | { readonly stage: 'decoding'; readonly first: number; readonly total: number; readonly sample: Tensor };

/**
 * Stable Video Diffusion: a picture becomes frames. Same checkpoint, seed and settings give the frames of diffusers'
 * StableVideoDiffusionPipeline on a CPU generator, up to rounding.
 *
 * An async generator: progress, previews and cancelling are the caller's. Leaving the loop early releases what is open.
 *
 * @param settings checked by the caller (`checkSettings`)
 * @param scheduler set to `settings.numInferenceSteps` steps
 * @throws NotFiniteError if a network's output is not finite
 */
export async function* stableVideoDiffusion(
  picture: Picture,
  settings: Settings,
  checkpoint: CheckpointFacts,
  networks: Networks,
  scheduler: Scheduler,
): AsyncGenerator<PipelineEvent, void> {
  yield { stage: 'encoding' };
  const generator = new Generator(settings.seed);
  const conditions = await encode(picture, settings, checkpoint, networks, generator);

  let latents: Tensor | undefined;
  for await (const event of denoise(conditions, settings, checkpoint, networks, scheduler, generator)) {
    if (event.stage === 'denoising') latents = event.latents;
    yield event;
  }
  if (latents) yield* decode(latents, settings, checkpoint, networks);
}

/** What the UNet knows of the picture. */
export interface Conditions {
  /** [1, projection_dim] */
  readonly imageEmbeds: Tensor;
  /** [1, latent channels, h, w]: the noised picture's, not scaled. */
  readonly imageLatents: Tensor;
}

/** Both encodings of the picture. CLIP sees it clean, the VAE with noise of `noiseAugStrength` added. */
export async function encode(
  picture: Picture,
  settings: Settings,
  { imageSize, preprocessor }: CheckpointFacts,
  networks: Networks,
  generator: Generator,
): Promise<Conditions> {
  const { height, width, noiseAugStrength } = settings;
  const pixel_values = pixelValues(picture, preprocessor, imageSize);
  const imageEmbeds = await runOnce(await networks.imageEncoder(), 'image encoder', { pixel_values });

  const image = preprocess(picture, width, height);
  const noise = generator.randn(image.shape);
  const noised = image.data.map((pixel, i) => pixel + Math.fround(noiseAugStrength * (noise.data[i] as number)));
  const imageLatents = await runOnce(await networks.vaeEncoder({ height, width }), 'VAE encoder', {
    image: tensor(image.shape, noised),
  });
  return { imageEmbeds, imageLatents };
}

/** From noise to latents, one event a step. */
export async function* denoise(
  conditions: Conditions,
  settings: Settings,
  { vaeFactor, latentChannels }: CheckpointFacts,
  networks: Networks,
  scheduler: Scheduler,
  generator: Generator,
): AsyncGenerator<PipelineEvent, void> {
  const { numFrames: frames, numInferenceSteps: total, minGuidanceScale, maxGuidanceScale } = settings;
  const height = settings.height / vaeFactor;
  const width = settings.width / vaeFactor;
  const noise = generator.randn([1, frames, latentChannels, height, width]);
  let latents = tensor(
    noise.shape,
    noise.data.map((value) => value * scheduler.initNoiseSigma),
  );
  yield { stage: 'denoising', step: 0, total, latents };

  const added_time_ids = tensor(
    [3],
    Float32Array.of(settings.fps - 1, settings.motionBucketId, settings.noiseAugStrength),
  );
  // Without guidance the unconditional half would be computed and thrown away.
  const guidance = maxGuidanceScale > 1 ? guidanceScale(minGuidanceScale, maxGuidanceScale, frames) : undefined;
  const nothing: Conditions = {
    imageEmbeds: tensor(conditions.imageEmbeds.shape),
    imageLatents: tensor(conditions.imageLatents.shape),
  };

  const unet = await networks.unet({ frames, height, width });
  try {
    for (let step = 0; step < total; step++) {
      const scaled = scheduler.scaleModelInput(latents, step);
      const timestep = tensor([1], scheduler.timesteps.slice(step, step + 1));
      const predict = async ({ imageEmbeds, imageLatents }: Conditions): Promise<Tensor> => {
        const sample = joinChannels(scaled, imageLatents);
        const v = await unet.run({ sample, timestep, encoder_hidden_states: imageEmbeds, added_time_ids });
        checkFinite(v, 'UNet');
        return tensor(latents.shape, v.data);
      };
      const v = guidance
        ? applyGuidance(await predict(nothing), await predict(conditions), guidance)
        : await predict(conditions);
      latents = scheduler.step(v, step, latents, generator);
      yield { stage: 'denoising', step: step + 1, total, latents };
    }
  } finally {
    await unet.release();
  }
}

/** From latents to frames, `decodeChunkSize` at a time, one event a chunk. */
export async function* decode(
  latents: Tensor,
  { numFrames: total, decodeChunkSize, height, width }: Settings,
  { scalingFactor }: CheckpointFacts,
  networks: Networks,
): AsyncGenerator<PipelineEvent, void> {
  const [, , ...latentShape] = latents.shape as [number, number, number, number, number];
  const frameLength = latents.data.length / total;
  let decoder: { readonly network: Network<{ readonly latents: Tensor }>; readonly frames: number } | undefined;
  try {
    for (let first = 0; first < total; first += decodeChunkSize) {
      const frames = Math.min(decodeChunkSize, total - first);
      // Only the last chunk can be shorter, and then it is another graph.
      if (decoder?.frames !== frames) {
        await decoder?.network.release();
        decoder = undefined;
        decoder = { network: await networks.vaeDecoder({ frames, height, width }), frames };
      }
      const chunk = latents.data.subarray(first * frameLength, (first + frames) * frameLength);
      const z = tensor(
        [frames, ...latentShape],
        chunk.map((value) => value / scalingFactor),
      );
      const sample = await decoder.network.run({ latents: z });
      checkFinite(sample, 'VAE decoder');
      yield { stage: 'decoding', first, total, sample };
    }
  } finally {
    await decoder?.network.release();
  }
}

async function runOnce<Inputs>(network: Network<Inputs>, name: string, inputs: Inputs): Promise<Tensor> {
  try {
    const output = await network.run(inputs);
    checkFinite(output, name);
    return output;
  } finally {
    await network.release();
  }
}

/** Noisy latents [1, frames, c, h, w] and the picture's [1, c, h, w], the same for every frame -> [frames, 2c, h, w]. */
function joinChannels(latents: Tensor, image: Tensor): Tensor {
  const [, frames, channels, height, width] = latents.shape as [number, number, number, number, number];
  const length = image.data.length;
  const joined = new Float32Array(2 * latents.data.length);
  for (let frame = 0; frame < frames; frame++) {
    joined.set(latents.data.subarray(frame * length, (frame + 1) * length), 2 * frame * length);
    joined.set(image.data, (2 * frame + 1) * length);
  }
  return tensor([frames, 2 * channels, height, width], joined);
}
