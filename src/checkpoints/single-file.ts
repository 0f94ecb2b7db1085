import { type StoredTensor, WeightsError } from '../safetensors/header';
import { SafetensorsFile } from '../safetensors/safetensors-file';
import type { Component } from './checkpoint-files';
import { unetNames } from './single-file-unet';
import { hasConditionerVae, vaeNames } from './single-file-vae';

/**
 * Single-file checkpoints: Stability's original layout, all networks in one file under their names in
 * github.com/Stability-AI/generative-models (sgm). A network's tensors are the same numbers as in diffusers' layout, but
 * for the image encoder's packed q, k and v and its transposed projection. Facts 59 to 61 of reference/ARCHITECTURE.md; the
 * names of VAE and image encoder were not checked against a real file.
 */

/** What one original tensor is in diffusers' layout: its name, and how its bytes are cut or turned. */
export interface Renamed {
  readonly name: string;
  /** Of a tensor that packs three along its first axis, which third: query, key, value. */
  readonly third?: 0 | 1 | 2;
  /** The two axes the other way round. */
  readonly transposed?: true;
  /** A convolution of kernel 1 that diffusers holds as a linear layer. */
  readonly linear?: true;
}

/** Original name -> diffusers' names; none for a tensor that the network does not have. */
export type Rename = (original: string) => readonly Renamed[];

/** diffusers' names of one network, for the names of a file. */
const RENAMES: Readonly<Record<Component, (names: readonly string[]) => Rename>> = {
  unet: unetNames,
  vae: vaeNames,
  image_encoder: () => imageEncoderNames,
};

/** Whether a file is a checkpoint in the original layout. */
export const isSingleFile = ({ tensors }: SafetensorsFile): boolean =>
  [...tensors.keys()].some((name) => name.startsWith('model.diffusion_model.'));

/**
 * One network of a single-file checkpoint, in diffusers' names; what belongs to no network is left out. No byte is copied.
 *
 * @returns more than one file where the original computes something by leaving it out
 * @throws WeightsError if a packed or turned tensor has no shape that can be
 */
export async function networkOfSingleFile(file: SafetensorsFile, component: Component): Promise<SafetensorsFile[]> {
  const names = [...file.tensors.keys()];
  const rename = RENAMES[component](names);
  const tensors = new Map<string, StoredTensor>();
  for (const [original, stored] of file.tensors) {
    for (const renamed of rename(original)) tensors.set(renamed.name, view(file, original, stored, renamed));
  }
  const network = file.seenAs(tensors);
  return component === 'vae' && !hasConditionerVae(names) ? withQuantConv(network) : [network];
}

function view(file: SafetensorsFile, original: string, stored: StoredTensor, renamed: Renamed): StoredTensor {
  const { third, transposed, linear } = renamed;
  const refuse = (wanted: string) =>
    new WeightsError(`${file.name}: tensor ${original} has shape [${stored.shape}]; ${wanted} was expected.`);
  if (third !== undefined) {
    const [rows, ...rest] = stored.shape;
    if (rows === undefined || rows % 3) throw refuse('query, key and value, one below the other,');
    const bytes = (stored.end - stored.begin) / 3;
    const begin = stored.begin + third * bytes;
    return { ...stored, shape: [rows / 3, ...rest], begin, end: begin + bytes };
  }
  if (transposed) {
    const [rows, columns, ...more] = stored.shape;
    if (rows === undefined || columns === undefined || more.length > 0) throw refuse('a matrix');
    return { ...stored, shape: [columns, rows], transposed };
  }
  if (linear) {
    const [out, inner, ...kernel] = stored.shape;
    if (out === undefined || inner === undefined || kernel.some((size) => size !== 1)) {
      throw refuse('a convolution of kernel 1');
    }
    return { ...stored, shape: [out, inner] };
  }
  return stored;
}

/**
 * The autoencoder's own encoder is used without `quant_conv`, which the conditioner's has. diffusers always has one: the
 * identity stands for it.
 */
async function withQuantConv(network: SafetensorsFile): Promise<SafetensorsFile[]> {
  const moments = network.tensors.get('encoder.conv_out.bias')?.shape[0];
  if (moments === undefined || network.tensors.has('quant_conv.weight')) return [network];
  const weight = Float32Array.from({ length: moments * moments }, (_, i) => (i % (moments + 1) ? 0 : 1));
  const bias = new Float32Array(moments);
  const middle = weight.byteLength;
  const header = new TextEncoder().encode(
    JSON.stringify({
      'quant_conv.weight': { dtype: 'F32', shape: [moments, moments, 1, 1], data_offsets: [0, middle] },
      'quant_conv.bias': { dtype: 'F32', shape: [moments], data_offsets: [middle, middle + bias.byteLength] },
    }),
  );
  const length = new BigUint64Array([BigInt(header.length)]);
  const identity = new Blob([length, header, weight, bias]);
  return [network, await SafetensorsFile.open(`${network.name}/identity`, identity)];
}

const CLIP = 'conditioner.embedders.0.open_clip.model.visual.';

/** open_clip's names outside its layers. */
const CLIP_ENDS: Readonly<Record<string, Renamed>> = {
  class_embedding: { name: 'vision_model.embeddings.class_embedding' },
  positional_embedding: { name: 'vision_model.embeddings.position_embedding.weight' },
  'conv1.weight': { name: 'vision_model.embeddings.patch_embedding.weight' },
  'ln_pre.weight': { name: 'vision_model.pre_layrnorm.weight' },
  'ln_pre.bias': { name: 'vision_model.pre_layrnorm.bias' },
  'ln_post.weight': { name: 'vision_model.post_layernorm.weight' },
  'ln_post.bias': { name: 'vision_model.post_layernorm.bias' },
  proj: { name: 'visual_projection.weight', transposed: true },
};

const CLIP_LAYER: Readonly<Record<string, string>> = {
  ln_1: 'layer_norm1',
  ln_2: 'layer_norm2',
  'attn.out_proj': 'self_attn.out_proj',
  'mlp.c_fc': 'mlp.fc1',
  'mlp.c_proj': 'mlp.fc2',
};

const QKV = ['q_proj', 'k_proj', 'v_proj'] as const;

function imageEncoderNames(original: string): Renamed[] {
  if (!original.startsWith(CLIP)) return [];
  const name = original.slice(CLIP.length);
  const end = Object.hasOwn(CLIP_ENDS, name) ? CLIP_ENDS[name] : undefined;
  if (end) return [end];
  const [, layer, inner] = name.match(/^transformer\.resblocks\.(\d+)\.(.+)$/) ?? [];
  if (!inner) return [];
  const path = `vision_model.encoder.layers.${layer}`;
  const [, packed] = inner.match(/^attn\.in_proj_(weight|bias)$/) ?? [];
  if (packed) {
    return QKV.map((proj, i) => ({ name: `${path}.self_attn.${proj}.${packed}`, third: i as 0 | 1 | 2 }));
  }
  const [, module, parameter] = inner.match(/^(.+)\.(weight|bias)$/) ?? [];
  if (!module || !Object.hasOwn(CLIP_LAYER, module)) return [];
  return [{ name: `${path}.${CLIP_LAYER[module]}.${parameter}` }];
}
