import type { Checkpoint, Component } from '../../src/checkpoints/checkpoint';
import { vaeFactor } from '../../src/models/autoencoder-kl-temporal-decoder';
import {
  type ClipShape,
  type GraphOptions,
  imageEncoderGraph,
  unetGraph,
  vaeDecoderGraph,
  vaeEncoderGraph,
} from '../../src/models/graphs';
import type { MemoryPlan, Stage } from '../../src/models/plan';
import { type UNetArguments, unetInputs } from '../../src/models/unet-spatio-temporal-condition';
import type { Graph } from '../../src/onnx/graph';
import { withSecondTry } from '../../src/pipelines/second-try';
import type { CheckpointFacts, Network, Networks } from '../../src/pipelines/stable-video-diffusion';
import type { Tensor } from '../../src/tensor/tensor';

/**
 * The networks of a checkpoint, each built and opened when the pipeline asks for it. What does not stay finite in half
 * precision is computed again in full.
 *
 * @param dtype computed in where the checkpoint has nothing against it
 * @param open makes a session of a graph and the weight files that it names
 */
export function networksFrom(
  checkpoint: Checkpoint,
  dtype: 'float32' | 'float16',
  open: (
    graph: Graph,
    blobs: ReadonlyMap<string, Blob>,
    component: Component,
  ) => Promise<Network<Readonly<Record<string, Tensor>>>>,
  { plan, onSecondTry = () => {} }: NetworksOptions = {},
): Networks {
  const network = async (stage: Stage, build: (options: GraphOptions) => Graph, inDtype: DType) => {
    const component = COMPONENTS[stage];
    const weights = await checkpoint.weights(component);
    const maxTensorBytes = plan?.(inDtype).stages[stage].maxTensorBytes;
    const graph = build({ dtype: inDtype, locate: weights.locate, ...(maxTensorBytes && { maxTensorBytes }) });
    return open(graph, weights.blobs, component);
  };
  const { unet, vae, imageEncoder } = checkpoint;
  const stage = <Shape extends readonly unknown[], Inputs>(
    name: string,
    openIn: (inDtype: DType, ...shape: Shape) => Promise<Network<Inputs>>,
    first = dtype,
  ) => withSecondTry(first, openIn, () => onSecondTry(name));
  return {
    imageEncoder: stage('image encoder', (inDtype) =>
      network('imageEncoder', (options) => imageEncoderGraph(imageEncoder, options), inDtype),
    ),
    vaeEncoder: stage(
      'VAE encoder',
      (inDtype, size: Size) => network('vaeEncoder', (options) => vaeEncoderGraph(vae, size, options), inDtype),
      // SVD's VAE encoder overflows in half precision; its config says so.
      vae.force_upcast ? 'float32' : dtype,
    ),
    unet: stage('UNet', async (inDtype, shape: ClipShape) => {
      const session = await network('unet', (options) => unetGraph(unet, shape, options), inDtype);
      return {
        run: (inputs: UNetArguments) => session.run(unetInputs(unet, inputs)),
        release: () => session.release(),
      };
    }),
    vaeDecoder: stage('VAE decoder', (inDtype, shape: ClipShape) =>
      network('vaeDecoder', (options) => vaeDecoderGraph(vae, shape, options), inDtype),
    ),
  };
}

export interface NetworksOptions {
  /** How to run the clip in memory, in a dtype; graphs have their usual chunking unless given. */
  readonly plan?: (dtype: DType) => MemoryPlan;
  /** Told which network is computed again: "UNet". */
  readonly onSecondTry?: (network: string) => void;
}

/** Whose weights a stage reads. */
const COMPONENTS: Readonly<Record<Stage, Component>> = {
  imageEncoder: 'image_encoder',
  vaeEncoder: 'vae',
  unet: 'unet',
  vaeDecoder: 'vae',
};

type DType = GraphOptions['dtype'];
type Size = Omit<ClipShape, 'frames'>;

/** What the pipeline must know of a checkpoint beside its networks. */
export function checkpointFacts({ vae, imageEncoder, preprocessor }: Checkpoint): CheckpointFacts {
  return {
    vaeFactor: vaeFactor(vae),
    latentChannels: vae.latent_channels,
    scalingFactor: vae.scaling_factor,
    imageSize: imageEncoder.image_size,
    preprocessor,
  };
}
