import type { StoredTensor } from '../safetensors/header';
import type { Shape } from '../tensor/tensor';

/** Models that people take for Stable Video Diffusion, told by the names and shapes of their tensors. */

type Tensors = ReadonlyMap<string, StoredTensor>;

const NEEDED =
  'Stable Video Diffusion is needed: its folders unet, vae and image_encoder, or one file such as svd_xt.safetensors.';

/** What is made for another model and has its names, so that it is told first. */
const ADDITIONS: readonly (readonly [names: RegExp, what: string])[] = [
  [
    /(^|[._])lora[._]/,
    `is a LoRA: a small change to a model, and not a model. Merge it into one with the tool it was made for. ${NEEDED}`,
  ],
  [/^control_model\.|controlnet_|^input_hint_block\.|\bzero_convs\./, `is a ControlNet. ${NEEDED}`],
  [/\bmotion_modules\./, `is a motion module for AnimateDiff, which works with Stable Diffusion. ${NEEDED}`],
];

/** What has no name of Stable Video Diffusion's parts. */
const STRANGERS: readonly (readonly [names: RegExp, what: string])[] = [
  [
    /^(text_model|transformer\.text_model|encoder\.block)\.|^shared\.weight$/,
    `is a text encoder; Stable Video Diffusion has none. ${NEEDED}`,
  ],
  [
    /^(input_blocks|middle_block|output_blocks)\./,
    `is a UNet in Stability’s names without the prefix model.diffusion_model, a layout that is not read here. ${NEEDED}`,
  ],
  [
    /^first_stage_model\.|^(encoder|decoder)\.(down|mid|up)\./,
    `is a VAE in its original names, without the rest of the checkpoint. ${NEEDED}`,
  ],
];

/**
 * What a file is and what is needed instead, as the rest of a sentence that begins with its name; undefined if its tensors
 * are those of Stable Video Diffusion, in diffusers' names or in Stability's.
 */
export function otherModel(tensors: Tensors): string | undefined {
  const names = [...tensors.keys()];
  const has = (pattern: RegExp) => names.some((name) => pattern.test(name));
  const told = (kinds: typeof ADDITIONS) => kinds.find(([pattern]) => has(pattern))?.[1];
  if (names.length === 0) return `holds no tensor. ${NEEDED}`;
  const addition = told(ADDITIONS) ?? (isScaled(tensors) ? SCALED : undefined);
  if (addition) return addition;
  if (has(/^model\.diffusion_model\./)) return otherSingleFile(tensors, names);
  if (has(/^(down_blocks|mid_block|up_blocks)\./)) return otherUNet(tensors, names, '');
  if (has(/^(encoder|decoder)\.(down_blocks|mid_block|up_blocks)\./)) return otherVae(names);
  if (has(/^vision_model\./)) return otherImageEncoder(names);
  if (names.every((name) => PARTS.test(name))) return undefined;
  const some = names.slice(0, 3).map(short).join(', ');
  return told(STRANGERS) ?? `is not Stable Video Diffusion: it holds tensors such as ${some}. ${NEEDED}`;
}

/** What small shards may consist of. */
const PARTS =
  /^(conv_in|conv_out|conv_norm_out|time_embedding|add_embedding|quant_conv|encoder\.conv_|decoder\.(time_)?conv_|visual_projection)/;

const short = (name: string): string => (name.length > 60 ? `${name.slice(0, 60)}...` : name);

/** What `isScaled` means for the user, as the rest of a sentence. */
export const SCALED =
  'holds 8-bit weights with scales beside them (scaled fp8), which are not supported. Use the float16 file, or one in plain fp8.';

/** Comfy's scaled fp8 keeps a factor beside each weight; without it the numbers mean nothing. */
export function isScaled(tensors: Tensors): boolean {
  const scales = /(^|\.)(scale_weight|weight_scale|scale_input|input_scale|scaled_fp8)$/;
  return [...tensors.keys()].some((name) => scales.test(name));
}

function otherSingleFile(tensors: Tensors, names: readonly string[]): string | undefined {
  const other = otherUNet(tensors, names, 'model.diffusion_model.');
  if (other) return other;
  // Stable Video Diffusion is told three numbers, of 256 sinusoids each.
  const [width, told] = shapeOf(tensors, 'model.diffusion_model.label_emb.0.0.weight') ?? [];
  if (width === 1280 && told !== 768)
    return `is a checkpoint of Stable Video 3D, which turns around an object. ${NEEDED}`;
  const decoder = names.filter((name) => name.startsWith('first_stage_model.decoder.'));
  if (decoder.length > 0 && !decoder.some((name) => name.includes('.time_stack.'))) {
    return `is Stable Video Diffusion with the decoder for single pictures. The file with the temporal decoder is needed, such as svd_xt.safetensors.`;
  }
  return undefined;
}

/** Stable Diffusion's UNets by the width of the context that they attend to. */
const BY_CONTEXT: Readonly<Record<number, string>> = {
  768: 'Stable Diffusion 1.x',
  1024: 'Stable Diffusion 2.x',
  1280: 'Stable Diffusion XL’s refiner',
  2048: 'Stable Diffusion XL',
};

function otherUNet(tensors: Tensors, names: readonly string[], prefix: string): string | undefined {
  const what = prefix ? 'a checkpoint' : 'a UNet';
  if (!names.some((name) => name.startsWith(prefix) && /time_stack|temporal_|time_pos_embed|time_mixer/.test(name))) {
    const context = shapeOf(
      tensors,
      names.find((name) => name.startsWith(prefix) && name.endsWith('attn2.to_k.weight')),
    );
    const model = BY_CONTEXT[context?.[1] ?? 0] ?? 'another model';
    return `is ${what} of ${model}, which makes single pictures. ${NEEDED}`;
  }
  const [first, last] = prefix
    ? [`${prefix}input_blocks.0.0.weight`, `${prefix}out.2.weight`]
    : ['conv_in.weight', 'conv_out.weight'];
  const inChannels = shapeOf(tensors, first)?.[1];
  const outChannels = shapeOf(tensors, last)?.[0];
  if (inChannels !== undefined && outChannels !== undefined && inChannels !== 2 * outChannels) {
    return `is ${what} like Stable Video Diffusion’s with ${inChannels} input channels; ${2 * outChannels} are expected: the noisy latents and the picture’s. It was made for another task. ${NEEDED}`;
  }
  return undefined;
}

const shapeOf = (tensors: Tensors, name: string | undefined): Shape | undefined => tensors.get(name ?? '')?.shape;

function otherVae(names: readonly string[]): string | undefined {
  const decoder = names.filter((name) => name.startsWith('decoder.'));
  const temporal = decoder.some((name) => /temporal_res_block|time_mixer|time_conv_out/.test(name));
  if (decoder.length === 0 || temporal) return undefined;
  return `is the VAE of another model: its decoder does not look along the frames. The VAE of Stable Video Diffusion is needed.`;
}

function otherImageEncoder(names: readonly string[]): string | undefined {
  const ends = ['vision_model.embeddings.class_embedding', 'vision_model.post_layernorm.weight'];
  const whole = ends.every((name) => names.includes(name));
  if (!whole || names.includes('visual_projection.weight')) return undefined;
  return `is a CLIP image encoder without its projection. The image_encoder of Stable Video Diffusion is needed.`;
}
