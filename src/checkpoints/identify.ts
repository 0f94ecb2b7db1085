import { type StoredDType, type StoredTensor, WeightsError } from '../safetensors/header';
import { SafetensorsFile } from '../safetensors/safetensors-file';
import type { Component } from './checkpoint-files';
import { notSafetensors } from './file-kinds';
import { otherModel } from './other-models';

/**
 * What a file holds, told from its bytes: names, shapes and dtypes of its tensors, never from its own name. AnimateLCM's
 * UNet has the tensors of SVD-XT's, and SVD's those of SVD-XT: which of them a UNet is, a header does not say.
 */
export type Identified =
  | (Contents & {
      /** A part in diffusers' names. */
      readonly kind: 'component';
      readonly component: Component;
      /** False for one of several shards; true of a shard only where it holds the first and the last tensors. */
      readonly whole: boolean;
    })
  | (Contents & {
      /** A checkpoint in Stability's original names. */
      readonly kind: 'single-file';
      /** The networks in it. */
      readonly components: readonly Component[];
    })
  /** Not usable; a sentence says what it is and what is needed instead. */
  | { readonly kind: 'refused'; readonly reason: string };

interface Contents {
  readonly file: SafetensorsFile;
  /** Of the tensors, the one with the most bytes first. */
  readonly dtypes: readonly StoredDType[];
  readonly bytes: number;
}

/**
 * Reads a file's first bytes and its header.
 *
 * @param name for messages alone
 */
export async function identify(name: string, blob: Blob): Promise<Identified> {
  const other = await notSafetensors(name, blob);
  if (other) return { kind: 'refused', reason: other };
  try {
    return identifyFile(await SafetensorsFile.open(name, blob));
  } catch (error) {
    if (error instanceof WeightsError) return { kind: 'refused', reason: error.message };
    throw error;
  }
}

/** The same of a file whose header has been read. */
export function identifyFile(file: SafetensorsFile): Identified {
  const { tensors } = file;
  const reason = otherModel(tensors);
  if (reason) return { kind: 'refused', reason: `${file.name} ${reason}` };
  const contents: Contents = { file, dtypes: dtypesOf(tensors), bytes: file.blob.size };
  const component = componentOf(tensors);
  if (component) return { ...contents, kind: 'component', component, whole: isWhole(component, tensors) };
  return { ...contents, kind: 'single-file', components: componentsInside(tensors) };
}

/** Names that only that network has; `otherModel` has sent away all that is not of SVD. */
function componentOf(tensors: ReadonlyMap<string, unknown>): Component | undefined {
  for (const name of tensors.keys()) {
    if (/^(down_blocks|mid_block|up_blocks)\.|^conv_(in|out)\.|^(time|add)_embedding\./.test(name)) return 'unet';
    if (/^(vision_model|visual_projection)\./.test(name)) return 'image_encoder';
    if (/^(encoder|decoder|quant_conv)\./.test(name)) return 'vae';
  }
  return undefined;
}

/** The first and the last tensors of each network, in the order of its modules and in that of the alphabet. */
const ENDS: Readonly<Record<Component, readonly string[]>> = {
  unet: ['conv_in.weight', 'conv_out.weight', 'add_embedding.linear_1.bias'],
  vae: ['encoder.conv_in.weight', 'decoder.conv_out.weight', 'quant_conv.weight'],
  image_encoder: ['vision_model.embeddings.class_embedding', 'visual_projection.weight'],
};

function isWhole(component: Component, tensors: ReadonlyMap<string, unknown>): boolean {
  const ends = component === 'unet' ? [...ENDS.unet, lastOfUNet([...tensors.keys()])] : ENDS[component];
  return ends.every((name) => tensors.has(name));
}

/** The last by the alphabet: the way up has as many levels as the way down, of one layer more each. */
function lastOfUNet(names: readonly string[]): string {
  const highest = (pattern: RegExp) =>
    names.reduce((most, name) => Math.max(most, Number(name.match(pattern)?.[1] ?? -1)), -1);
  const level = highest(/^down_blocks\.(\d+)\./);
  const layer = highest(new RegExp(`^down_blocks\\.${level}\\.resnets\\.(\\d+)\\.`));
  return `up_blocks.${level}.resnets.${layer + 1}.time_mixer.mix_factor`;
}

const INSIDE: Readonly<Record<Component, string>> = {
  unet: 'model.diffusion_model.',
  vae: 'first_stage_model.',
  image_encoder: 'conditioner.embedders.0.open_clip.model.visual.',
};

function componentsInside(tensors: ReadonlyMap<string, unknown>): Component[] {
  const names = [...tensors.keys()];
  return (Object.keys(INSIDE) as Component[]).filter((component) =>
    names.some((name) => name.startsWith(INSIDE[component])),
  );
}

function dtypesOf(tensors: ReadonlyMap<string, StoredTensor>): StoredDType[] {
  const bytes = new Map<StoredDType, number>();
  for (const { dtype, begin, end } of tensors.values()) bytes.set(dtype, (bytes.get(dtype) ?? 0) + end - begin);
  return [...bytes].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([dtype]) => dtype);
}
