import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkChoice, NetworkName } from '../e2e/pages/network-graph';
import type { Component } from '../src/checkpoints/checkpoint';
import { vaeFactor } from '../src/models/autoencoder-kl-temporal-decoder';
import { vaeConfig } from '../src/models/config';
import type { ClipShape } from '../src/models/graphs';
import type { TensorList } from './random-weights';

/** The folder of a checkpoint that a network's config and weights lie in. */
export const FOLDER = {
  unet: 'unet',
  plain_unet: 'unet',
  vae_decoder: 'vae',
  vae_encoder: 'vae',
  image_encoder: 'image_encoder',
} as const satisfies Record<NetworkName, Component>;

const MANIFESTS = new URL('../reference/manifest/', import.meta.url);

/**
 * A network of a checkpoint for a clip.
 *
 * @param model a folder in the layout of diffusers; SVD-XT's own configs unless given
 * @param clip in pixels
 * @throws Error if the VAE's factor does not divide the size
 */
export function chooseNetwork(network: NetworkName, model: string | undefined, clip: ClipShape): NetworkChoice {
  const factor = vaeFactor(vaeConfig.parse(configOf('vae', model)));
  if (clip.width % factor || clip.height % factor) {
    throw new Error(`Width and height must be multiples of ${factor}, not ${clip.width}x${clip.height}.`);
  }
  const scale = FOLDER[network] === 'unet' ? factor : 1;
  const shape = { frames: clip.frames, height: clip.height / scale, width: clip.width / scale };
  return { network, config: configOf(FOLDER[network], model), shape };
}

/** Names and shapes of the tensors of SVD-XT. */
export const tensorsOf = (folder: Component): TensorList =>
  readJson<{ list: TensorList }>(new URL(`${folder}.json`, MANIFESTS)).list;

/** Paths of all weight files in a folder of a model, and of the lists of their shards. */
export function weightPaths(folder: Component, model: string): string[] {
  const names = readdirSync(join(model, folder)).filter((name) => /\.safetensors$|\.index.*\.json$/.test(name));
  return names.map((name) => join(model, folder, name));
}

/** A parsed config.json. */
export function configOf(folder: Component, model: string | undefined): unknown {
  if (model) return readJson(join(model, folder, 'config.json'));
  return readJson<{ configs: Record<Component, unknown> }>(new URL('summary.json', MANIFESTS)).configs[folder];
}

function readJson<T>(path: URL | string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}
