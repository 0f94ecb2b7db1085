import { named } from '../nn/module';
import { Graph, type Locate } from '../onnx/graph';
import { AutoencoderKLTemporalDecoder, vaeFactor } from './autoencoder-kl-temporal-decoder';
import { CLIPVisionModelWithProjection } from './clip-vision';
import { atLevel, type ClipVisionConfig, type UNetConfig, type VaeConfig } from './config';
import { DEFAULT_ISLANDS, type Island, onIslands } from './islands';
import { UNetSpatioTemporalConditionModel } from './unet-spatio-temporal-condition';

/**
 * The four graphs of a clip, one for each time a session is opened. Shapes are fixed: another size is another graph, built
 * in milliseconds. Inputs and outputs are float32.
 */

/** What every graph is built for. */
export interface GraphOptions {
  /** The dtype computed in. */
  readonly dtype: 'float32' | 'float16';
  readonly locate: Locate;
  /** See Graph. */
  readonly maxTensorBytes?: number;
  /** Parts that compute in float32 although `dtype` is float16; `DEFAULT_ISLANDS` unless given. */
  readonly islands?: readonly Island[];
}

/** Size of the clip; height and width in pixels. */
export interface ClipShape {
  readonly frames: number;
  readonly height: number;
  readonly width: number;
}

/** pixel_values [1, 3, image_size, image_size] -> image_embeds [1, projection_dim] */
export function imageEncoderGraph(config: ClipVisionConfig, options: GraphOptions): Graph {
  const graph = newGraph(options);
  const pixelValues = graph.input('pixel_values', [1, 3, config.image_size, config.image_size]);
  graph.output('image_embeds', named(new CLIPVisionModelWithProjection(config)).call(pixelValues, options.dtype));
  return graph;
}

/** image [1, 3, height, width] -> latents [1, latent_channels, height / factor, width / factor], not scaled */
export function vaeEncoderGraph(
  config: VaeConfig,
  { height, width }: Omit<ClipShape, 'frames'>,
  options: GraphOptions,
): Graph {
  const graph = newGraph(options);
  const image = graph.input('image', [1, 3, height, width]);
  graph.output('latents', named(new AutoencoderKLTemporalDecoder(config)).encode(image, options.dtype));
  return graph;
}

/** latents [frames, latent_channels, h, w], divided by scaling_factor -> sample [frames, 3, height, width] */
export function vaeDecoderGraph(config: VaeConfig, { frames, height, width }: ClipShape, options: GraphOptions): Graph {
  const graph = newGraph(options);
  const factor = vaeFactor(config);
  const z = graph.input('latents', [frames, config.latent_channels, height / factor, width / factor]);
  graph.output('sample', named(new AutoencoderKLTemporalDecoder(config)).decode(z, options.dtype));
  return graph;
}

/** sample [frames, in_channels, h, w] and what `unetInputs` makes beside it -> v [frames, out_channels, h, w]; h, w in latents */
export function unetGraph(config: UNetConfig, shape: ClipShape, options: GraphOptions): Graph {
  return graphOfUNet(named(new UNetSpatioTemporalConditionModel(config)), config, shape, options);
}

/** The same of a network that is there already. */
export function graphOfUNet(
  network: UNetSpatioTemporalConditionModel,
  config: UNetConfig,
  { frames, height, width }: ClipShape,
  options: GraphOptions,
): Graph {
  const graph = newGraph(options, config.up_block_types.length);
  const sample = graph.input('sample', [frames, config.in_channels, height, width]);
  const conditions = {
    time_proj: graph.input('time_proj', [1, atLevel(config.block_out_channels, 0)]),
    encoder_hidden_states: graph.input('encoder_hidden_states', [1, atLevel(config.cross_attention_dim, 0)]),
    add_time_proj: graph.input('add_time_proj', [1, config.projection_class_embeddings_input_dim]),
  };
  graph.output('v', network.call(sample, conditions, options.dtype));
  return graph;
}

/** @param levels of the network; one without an up path has none that matter */
function newGraph({ locate, maxTensorBytes, islands = DEFAULT_ISLANDS }: GraphOptions, levels = 0): Graph {
  const inFloat32 = onIslands(islands, levels);
  return new Graph(locate, maxTensorBytes === undefined ? { inFloat32 } : { maxTensorBytes, inFloat32 });
}
