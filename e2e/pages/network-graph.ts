import { plainUnetGraph } from '../../reference/plain-unet';
import { clipVisionConfig, unetConfig, vaeConfig } from '../../src/models/config';
import { timesteps } from '../../src/models/embeddings';
import {
  type ClipShape,
  type GraphOptions,
  imageEncoderGraph,
  unetGraph,
  vaeDecoderGraph,
  vaeEncoderGraph,
} from '../../src/models/graphs';
import type { Graph } from '../../src/onnx/graph';
import { Generator } from '../../src/random/generator';
import { type Tensor, tensor } from '../../src/tensor/tensor';

/** The graphs of a clip, and the UNet without our shortcuts. */
export const NETWORKS = ['unet', 'plain_unet', 'vae_decoder', 'vae_encoder', 'image_encoder'] as const;
export type NetworkName = (typeof NETWORKS)[number];

/** Which graph to build, at which size. */
export interface NetworkChoice {
  readonly network: NetworkName;
  /** The parsed config.json of its folder. */
  readonly config: unknown;
  /** In latents for the UNet, in pixels for the VAE; the image encoder has a size of its own. */
  readonly shape: ClipShape;
}

export function networkGraph({ network, config, shape }: NetworkChoice, options: GraphOptions): Graph {
  switch (network) {
    case 'unet':
      return unetGraph(unetConfig.parse(config), shape, options);
    case 'plain_unet':
      return plainUnetGraph(unetConfig.parse(config), shape, options);
    case 'vae_decoder':
      return vaeDecoderGraph(vaeConfig.parse(config), shape, options);
    case 'vae_encoder':
      return vaeEncoderGraph(vaeConfig.parse(config), shape, options);
    case 'image_encoder':
      return imageEncoderGraph(clipVisionConfig.parse(config), options);
  }
}

/** Something to run a graph on: conditions of a clip's first step at sigma 700; all else normal numbers. */
export const inputsOf = ({ inputs }: Graph): Record<string, Tensor> =>
  Object.fromEntries(inputs.map(({ name, shape }) => [name, someInput(name, shape)]));

function someInput(name: string, shape: readonly number[]): Tensor {
  if (name === 'time_proj') return timesteps([0.25 * Math.log(700)], shape[1] as number);
  if (name === 'add_time_proj') return tensor(shape, timesteps([6, 127, 0.02], (shape[1] as number) / 3).data);
  return new Generator(1).randn(shape);
}
