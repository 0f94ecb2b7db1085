import { AutoencoderKLTemporalDecoder } from '../models/autoencoder-kl-temporal-decoder';
import { CLIPVisionModelWithProjection } from '../models/clip-vision';
import type { ClipVisionConfig, UNetConfig, VaeConfig } from '../models/config';
import { UNetSpatioTemporalConditionModel } from '../models/unet-spatio-temporal-condition';
import { named, parameters } from '../nn/module';
import { CONVERTIBLE, isConvertible } from '../safetensors/convert';
import type { StoredTensor } from '../safetensors/header';
import type { Component } from './checkpoint-files';

/** A network and the config that it is built by. */
export type NetworkConfig =
  | { readonly component: 'unet'; readonly config: UNetConfig }
  | { readonly component: 'vae'; readonly config: VaeConfig }
  | { readonly component: 'image_encoder'; readonly config: ClipVisionConfig };

/** Names that a message lists before it counts the rest. */
const LISTED = 6;

/**
 * Why tensors are not the weights of a network, in a sentence; undefined if they are. Tensors that the network does not
 * have are ignored.
 *
 * @param source the file or files that hold the tensors, for the message
 */
export function misfit(
  source: string,
  network: NetworkConfig,
  tensors: ReadonlyMap<string, StoredTensor>,
): string | undefined {
  const wanted = parameters(build(network));
  const missing = wanted.filter(({ path }) => !tensors.has(path)).map(({ path }) => path);
  if (missing.length > 0) return missingSentence(source, network.component, missing, wanted.length);
  for (const { path, shape } of wanted) {
    const stored = tensors.get(path) as StoredTensor;
    if (stored.shape.length !== shape.length || stored.shape.some((size, axis) => size !== shape[axis])) {
      return `${network.component}/config.json does not fit ${source}: it asks for ${path} of shape [${shape}], and the file has [${stored.shape}]. Add the config.json that belongs to these weights.`;
    }
    if (!isConvertible(stored.dtype)) {
      return `${source}: tensor ${path} is stored as ${stored.dtype}; weights are read from ${CONVERTIBLE}.`;
    }
  }
  return undefined;
}

function build({ component, config }: NetworkConfig): object {
  if (component === 'unet') return named(new UNetSpatioTemporalConditionModel(config));
  if (component === 'vae') return named(new AutoencoderKLTemporalDecoder(config));
  return named(new CLIPVisionModelWithProjection(config));
}

function missingSentence(source: string, component: Component, missing: readonly string[], of: number): string {
  const more = missing.length - LISTED;
  const list = missing.slice(0, LISTED).join(', ') + (more > 0 ? ` and ${more} more` : '');
  return `${source} lacks ${missing.length} of the ${of} tensors of the ${component}: ${list}. Is a shard missing, or is it another model’s file?`;
}
