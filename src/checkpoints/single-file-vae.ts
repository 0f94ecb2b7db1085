import type { Rename, Renamed } from './single-file';

/**
 * The VAE of a single-file checkpoint: its decoder is the first stage's, its encoder the one that the conditioner carries
 * for itself. Files without that one are read with the first stage's own.
 */

const DECODER = 'first_stage_model.decoder.';
const CONDITIONER = 'conditioner.embedders.3.encoder.';
const FIRST_STAGE = 'first_stage_model.';

/** Convolutions and norms, and what both halves call them. */
const RESNET: Readonly<Record<string, string>> = {
  norm1: 'norm1',
  conv1: 'conv1',
  norm2: 'norm2',
  conv2: 'conv2',
  nin_shortcut: 'conv_shortcut',
};

/** Of the decoder's residual blocks along time. */
const TIME_STACK: Readonly<Record<string, string>> = {
  'in_layers.0': 'norm1',
  'in_layers.2': 'conv1',
  'out_layers.0': 'norm2',
  'out_layers.3': 'conv2',
};

const ATTENTION: Readonly<Record<string, string>> = {
  norm: 'group_norm',
  q: 'to_q',
  k: 'to_k',
  v: 'to_v',
  proj_out: 'to_out.0',
};

const ENDS: Readonly<Record<string, string>> = {
  conv_in: 'conv_in',
  norm_out: 'conv_norm_out',
  conv_out: 'conv_out',
  'conv_out.time_mix_conv': 'time_conv_out',
};

/** Whether the conditioner has an encoder of its own. */
export const hasConditionerVae = (names: readonly string[]): boolean =>
  names.some((name) => name.startsWith(`${CONDITIONER}encoder.`));

/** diffusers' names of the VAE, for the names of a file. */
export function vaeNames(names: readonly string[]): Rename {
  const prefix = hasConditionerVae(names) ? CONDITIONER : FIRST_STAGE;
  // sgm counts the way up from its end, diffusers from its begin.
  const deepest = names.reduce(
    (most, name) => Math.max(most, Number(name.match(/^first_stage_model\.decoder\.up\.(\d+)\./)?.[1] ?? 0)),
    0,
  );
  return (original) => {
    if (original.startsWith(DECODER)) return one('decoder', half(original.slice(DECODER.length), deepest));
    if (!original.startsWith(prefix)) return [];
    const name = original.slice(prefix.length);
    if (name.startsWith('quant_conv.')) return [{ name }];
    return name.startsWith('encoder.') ? one('encoder', half(name.slice('encoder.'.length))) : [];
  };
}

const one = (half: string, renamed: Renamed | undefined): Renamed[] =>
  renamed ? [{ ...renamed, name: `${half}.${renamed.name}` }] : [];

/** @param deepest the number of the deepest level of the decoder; undefined for the encoder */
function half(original: string, deepest?: number): Renamed | undefined {
  const [, module, parameter] = original.match(/^(.+)\.(weight|bias|mix_factor)$/) ?? [];
  if (!module || !parameter) return undefined;
  if (Object.hasOwn(ENDS, module)) return { name: `${ENDS[module]}.${parameter}` };

  const [, attention] = module.match(/^mid\.attn_1\.(.+)$/) ?? [];
  if (attention) return attentionName(attention, parameter);

  const [, midBlock, midInner] = module.match(/^mid\.block_(\d+)(?:\.(.+))?$/) ?? [];
  if (midBlock) return resnetName(`mid_block.resnets.${Number(midBlock) - 1}`, midInner, parameter, deepest);

  const [, way, number, rest] = module.match(/^(down|up)\.(\d+)\.(.+)$/) ?? [];
  if (!rest) return undefined;
  const level = `${way}_blocks.${deepest === undefined ? number : deepest - Number(number)}`;
  if (rest === 'downsample.conv' || rest === 'upsample.conv') {
    return { name: `${level}.${way}samplers.0.conv.${parameter}` };
  }
  const [, block, inner] = rest.match(/^block\.(\d+)(?:\.(.+))?$/) ?? [];
  return block ? resnetName(`${level}.resnets.${block}`, inner, parameter, deepest) : undefined;
}

function attentionName(module: string, parameter: string): Renamed | undefined {
  if (!Object.hasOwn(ATTENTION, module)) return undefined;
  const name = `mid_block.attentions.0.${ATTENTION[module]}.${parameter}`;
  return module !== 'norm' && parameter === 'weight' ? { name, linear: true } : { name };
}

function resnetName(
  path: string,
  inner: string | undefined,
  parameter: string,
  deepest: number | undefined,
): Renamed | undefined {
  if (inner === undefined) return parameter === 'mix_factor' ? { name: `${path}.time_mixer.mix_factor` } : undefined;
  const [, temporal] = inner.match(/^time_stack\.(.+)$/) ?? [];
  if (temporal) {
    return Object.hasOwn(TIME_STACK, temporal)
      ? { name: `${path}.temporal_res_block.${TIME_STACK[temporal]}.${parameter}` }
      : undefined;
  }
  if (!Object.hasOwn(RESNET, inner)) return undefined;
  // The encoder's blocks have no half along time.
  const spatial = deepest === undefined ? path : `${path}.spatial_res_block`;
  return { name: `${spatial}.${RESNET[inner]}.${parameter}` };
}
