import { vaeFactor } from '../../src/models/autoencoder-kl-temporal-decoder';
import type { Checkpoint, Component } from '../../src/models/checkpoint';
import {
  type GraphOptions,
  imageEncoderGraph,
  unetGraph,
  vaeDecoderGraph,
  vaeEncoderGraph,
} from '../../src/models/graphs';
import type { Graph } from '../../src/onnx/graph';
import type { CheckpointFacts, Network, Networks } from '../../src/pipelines/stable-video-diffusion';
import { openNetwork, type Runtime } from './network';

/** Where sessions run. */
export interface Place {
  readonly dtype: 'float32' | 'float16';
  /** A fresh device for one network; left out where networks run in wasm. */
  readonly device?: () => Promise<GPUDevice>;
}

/** The networks of a checkpoint as sessions of ONNX Runtime, each opened when the pipeline asks for it. */
export function sessionNetworks(checkpoint: Checkpoint, runtime: Runtime, { dtype, device }: Place): Networks {
  const open = async (
    component: Component,
    build: (options: GraphOptions) => Graph,
    inDtype = dtype,
  ): Promise<Network> => {
    const weights = await checkpoint.weights(component);
    const graph = build({ dtype: inDtype, locate: weights.locate });
    return openNetwork(runtime, graph, weights.blobs, await device?.());
  };
  const { unet, vae, imageEncoder } = checkpoint;
  return {
    imageEncoder: () => open('image_encoder', (options) => imageEncoderGraph(imageEncoder, options)),
    // Its author found that this encoder overflows in half precision.
    vaeEncoder: (size) =>
      open('vae', (options) => vaeEncoderGraph(vae, size, options), vae.force_upcast ? 'float32' : dtype),
    unet: (shape) => open('unet', (options) => unetGraph(unet, shape, options)),
    vaeDecoder: (shape) => open('vae', (options) => vaeDecoderGraph(vae, shape, options)),
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
