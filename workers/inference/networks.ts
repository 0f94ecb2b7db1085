import { vaeFactor } from '../../src/models/autoencoder-kl-temporal-decoder';
import type { Checkpoint, Component } from '../../src/models/checkpoint';
import {
  type GraphOptions,
  imageEncoderGraph,
  unetGraph,
  vaeDecoderGraph,
  vaeEncoderGraph,
} from '../../src/models/graphs';
import { unetInputs } from '../../src/models/unet-spatio-temporal-condition';
import type { Graph } from '../../src/onnx/graph';
import type { CheckpointFacts, Network, Networks } from '../../src/pipelines/stable-video-diffusion';
import type { Tensor } from '../../src/tensor/tensor';

/**
 * The networks of a checkpoint, each built and opened when the pipeline asks for it.
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
): Networks {
  const network = async (component: Component, build: (options: GraphOptions) => Graph, inDtype = dtype) => {
    const weights = await checkpoint.weights(component);
    const graph = build({ dtype: inDtype, locate: weights.locate });
    return open(graph, weights.blobs, component);
  };
  const { unet, vae, imageEncoder } = checkpoint;
  // SVD's VAE encoder overflows in half precision; its config says so.
  const encoderDtype = vae.force_upcast ? 'float32' : dtype;
  return {
    imageEncoder: () => network('image_encoder', (options) => imageEncoderGraph(imageEncoder, options)),
    vaeEncoder: (size) => network('vae', (options) => vaeEncoderGraph(vae, size, options), encoderDtype),
    unet: async (shape) => {
      const session = await network('unet', (options) => unetGraph(unet, shape, options));
      return {
        run: (inputs) => session.run(unetInputs(unet, inputs)),
        release: () => session.release(),
      };
    },
    vaeDecoder: (shape) => network('vae', (options) => vaeDecoderGraph(vae, shape, options)),
  };
}

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
