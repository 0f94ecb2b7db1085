/**
 * Stability's names for the tensors of diffusers' layout, the other way round from src/checkpoints/single-file.ts and by
 * counting: how many levels a network has, and how many layers each. Checked against manifest/single_file_map.json.
 */
export interface Structure {
  readonly levels: number;
  /** Residual blocks of a level on the way down; one more on the way up. */
  readonly layers: number;
}

const RESNET: Readonly<Record<string, string>> = {
  norm1: 'in_layers.0',
  conv1: 'in_layers.2',
  time_emb_proj: 'emb_layers.1',
  norm2: 'out_layers.0',
  conv2: 'out_layers.3',
  conv_shortcut: 'skip_connection',
};

/** @param attends whether a level of the way up, counted from 0, has transformers */
export function originalOfUNet(name: string, { layers }: Structure, attends: (upLevel: number) => boolean): string {
  const period = layers + 1;
  const ends: Readonly<Record<string, string>> = {
    conv_in: 'input_blocks.0.0',
    conv_norm_out: 'out.0',
    conv_out: 'out.2',
    'time_embedding.linear_1': 'time_embed.0',
    'time_embedding.linear_2': 'time_embed.2',
    'add_embedding.linear_1': 'label_emb.0.0',
    'add_embedding.linear_2': 'label_emb.0.2',
  };
  const dot = name.lastIndexOf('.');
  const end = ends[name.slice(0, dot)];
  if (end) return `model.diffusion_model.${end}${name.slice(dot)}`;

  const [block = '', ...keys] = name.split('.');
  const numbers = keys.filter((key) => /^\d+$/.test(key)).map(Number);
  if (block === 'mid_block') {
    const [kind, number, ...inner] = keys;
    const place = kind === 'attentions' ? 1 : 2 * Number(number);
    return `model.diffusion_model.middle_block.${place}.${inside(kind as string, inner)}`;
  }
  const [level, kind, , ...inner] = keys;
  const [, layer = 0] = numbers;
  const first = Number(level) * period;
  if (block === 'down_blocks') {
    if (kind === 'downsamplers') return `model.diffusion_model.input_blocks.${first + period}.0.op.${inner.at(-1)}`;
    const place = `input_blocks.${1 + first + layer}.${kind === 'attentions' ? 1 : 0}`;
    return `model.diffusion_model.${place}.${inside(kind as string, inner)}`;
  }
  if (kind === 'upsamplers') {
    const place = attends(Number(level)) ? 2 : 1;
    return `model.diffusion_model.output_blocks.${first + layers}.${place}.conv.${inner.at(-1)}`;
  }
  const place = `output_blocks.${first + layer}.${kind === 'attentions' ? 1 : 0}`;
  return `model.diffusion_model.${place}.${inside(kind as string, inner)}`;
}

function inside(kind: string, keys: readonly string[]): string {
  if (kind === 'attentions') {
    const [first, second, ...rest] = keys;
    if (first === 'temporal_transformer_blocks') return ['time_stack', second, ...rest].join('.');
    if (first === 'time_pos_embed') return ['time_pos_embed', second === 'linear_1' ? 0 : 2, ...rest].join('.');
    return keys.join('.');
  }
  const [half, module, parameter] = keys;
  if (half === 'time_mixer') return keys.join('.');
  return `${half === 'temporal_res_block' ? 'time_stack.' : ''}${RESNET[module as string]}.${parameter}`;
}

export function originalOfVae(name: string, { levels }: Structure): string {
  const [half, ...keys] = name.split('.') as [string, ...string[]];
  const encoder = 'conditioner.embedders.3.encoder.';
  if (half === 'quant_conv') return encoder + name;
  const prefix = half === 'encoder' ? `${encoder}encoder.` : 'first_stage_model.decoder.';
  return prefix + insideVae(keys.join('.'), levels, half === 'decoder');
}

function insideVae(name: string, levels: number, decoder: boolean): string {
  return name
    .replace('conv_norm_out', 'norm_out')
    .replace('time_conv_out', 'conv_out.time_mix_conv')
    .replace('mid_block.attentions.0', 'mid.attn_1')
    .replace('group_norm', 'norm')
    .replace('to_out.0', 'proj_out')
    .replace(/to_([qkv])/, '$1')
    .replace(/mid_block\.resnets\.(\d+)/, (_, i) => `mid.block_${Number(i) + 1}`)
    .replace(/(down|up)_blocks\.(\d+)/, (_, way, i) => `${way}.${decoder ? levels - 1 - Number(i) : i}`)
    .replace(/resnets\.(\d+)/, 'block.$1')
    .replace(/(down|up)samplers\.0/, '$1sample')
    .replace('spatial_res_block.', '')
    .replace('time_mixer.mix_factor', 'mix_factor')
    .replace(/temporal_res_block\.(\w+)/, (_, module) => `time_stack.${RESNET[module]}`)
    .replace('conv_shortcut', 'nin_shortcut');
}
