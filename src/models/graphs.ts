import { named } from '../nn/module';
import { Graph, type Locate } from '../onnx/graph';
import { AutoencoderKLTemporalDecoder, vaeFactor } from './autoencoder-kl-temporal-decoder';
import { CLIPVisionModelWithProjection } from './clip-vision';
import type { ClipVisionConfig, UNetConfig, VaeConfig } from './config';
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

/** sample [frames, in_channels, h, w] and the conditioning -> v [frames, out_channels, h, w]; h, w in latents */
export function unetGraph(config: UNetConfig, { frames, height, width }: ClipShape, options: GraphOptions): Graph {
  const graph = newGraph(options);
  const sample = graph.input('sample', [frames, config.in_channels, height, width]);
  const inputs = {
    timestep: graph.input('timestep', [1]),
    encoder_hidden_states: graph.input('encoder_hidden_states', [1, contextChannels(config)]),
    added_time_ids: graph.input('added_time_ids', [3]),
  };
  graph.output('v', named(new UNetSpatioTemporalConditionModel(config)).call(sample, inputs, options.dtype));
  return graph;
}

const contextChannels = ({ cross_attention_dim }: UNetConfig): number =>
  typeof cross_attention_dim === 'number' ? cross_attention_dim : (cross_attention_dim[0] as number);

function newGraph({ locate, maxTensorBytes }: GraphOptions): Graph {
  return new Graph(locate, maxTensorBytes === undefined ? {} : { maxTensorBytes });
}
