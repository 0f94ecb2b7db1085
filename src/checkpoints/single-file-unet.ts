import type { Rename } from './single-file';

/**
 * The UNet of a single-file checkpoint. sgm numbers the blocks of both ways through, where diffusers has levels: a level of
 * the way down ends with a block that is a downsampler, one of the way up with a block that ends in an upsampler.
 */

const PREFIX = 'model.diffusion_model.';

/** Modules outside the blocks. */
const ENDS: Readonly<Record<string, string>> = {
  'input_blocks.0.0': 'conv_in',
  'time_embed.0': 'time_embedding.linear_1',
  'time_embed.2': 'time_embedding.linear_2',
  'label_emb.0.0': 'add_embedding.linear_1',
  'label_emb.0.2': 'add_embedding.linear_2',
  'out.0': 'conv_norm_out',
  'out.2': 'conv_out',
};

/** Of either residual block of a pair. */
const RESNET: Readonly<Record<string, string>> = {
  'in_layers.0': 'norm1',
  'in_layers.2': 'conv1',
  'emb_layers.1': 'time_emb_proj',
  'out_layers.0': 'norm2',
  'out_layers.3': 'conv2',
  skip_connection: 'conv_shortcut',
};

/** diffusers' names of the UNet, for the names of a file. */
export function unetNames(names: readonly string[]): Rename {
  const modules = new Map(Object.entries(ENDS));
  const places = placesOf(names);
  nameDownBlocks(places, modules);
  nameUpBlocks(places, modules);
  modules.set('middle_block.0', 'mid_block.resnets.0');
  modules.set('middle_block.1', 'mid_block.attentions.0');
  modules.set('middle_block.2', 'mid_block.resnets.1');
  return (original) => {
    const name = original.startsWith(PREFIX) ? renamed(original.slice(PREFIX.length), modules) : undefined;
    return name === undefined ? [] : [{ name }];
  };
}

/** What there is in the blocks: "input_blocks.3.0", "input_blocks.3.0.op". */
function placesOf(names: readonly string[]): ReadonlySet<string> {
  const paths = names.filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length).split('.'));
  return new Set(paths.flatMap((keys) => [keys.slice(0, 3).join('.'), keys.slice(0, 4).join('.')]));
}

function nameDownBlocks(places: ReadonlySet<string>, modules: Map<string, string>) {
  let level = 0;
  let layer = 0;
  for (let block = 1; places.has(`input_blocks.${block}.0`); block++) {
    const path = `input_blocks.${block}`;
    if (places.has(`${path}.0.op`)) {
      modules.set(`${path}.0.op`, `down_blocks.${level}.downsamplers.0.conv`);
      level++;
      layer = 0;
    } else {
      modules.set(`${path}.0`, `down_blocks.${level}.resnets.${layer}`);
      modules.set(`${path}.1`, `down_blocks.${level}.attentions.${layer}`);
      layer++;
    }
  }
}

function nameUpBlocks(places: ReadonlySet<string>, modules: Map<string, string>) {
  let level = 0;
  let layer = 0;
  for (let block = 0; places.has(`output_blocks.${block}.0`); block++) {
    const path = `output_blocks.${block}`;
    modules.set(`${path}.0`, `up_blocks.${level}.resnets.${layer}`);
    modules.set(`${path}.1`, `up_blocks.${level}.attentions.${layer}`);
    layer++;
    // It follows the attention, where the level has one.
    const upsampler = [`${path}.1.conv`, `${path}.2.conv`].find((place) => places.has(place));
    if (upsampler === undefined) continue;
    modules.set(upsampler, `up_blocks.${level}.upsamplers.0.conv`);
    level++;
    layer = 0;
  }
}

/** A parameter's name, by the longest module in the table that holds it. */
function renamed(original: string, modules: ReadonlyMap<string, string>): string | undefined {
  const keys = original.split('.');
  for (let length = 4; length > 0; length--) {
    const module = modules.get(keys.slice(0, length).join('.'));
    if (module === undefined) continue;
    const inner = keys.slice(length).join('.');
    if (module.includes('.resnets.')) return prefixed(module, resnetName(inner));
    if (module.includes('.attentions.')) return prefixed(module, attentionName(inner));
    return prefixed(module, inner);
  }
  return undefined;
}

const prefixed = (module: string, inner: string | undefined) =>
  inner === undefined ? undefined : `${module}.${inner}`;

function resnetName(inner: string): string | undefined {
  if (inner === 'time_mixer.mix_factor') return inner;
  const [, temporal, module, parameter] = inner.match(/^(time_stack\.)?(.+)\.(weight|bias)$/) ?? [];
  if (!module || !Object.hasOwn(RESNET, module)) return undefined;
  return `${temporal ? 'temporal' : 'spatial'}_res_block.${RESNET[module]}.${parameter}`;
}

/** Transformers are called alike, but for those along time and their position embedding. */
function attentionName(inner: string): string {
  return inner
    .replace(/^time_stack\./, 'temporal_transformer_blocks.')
    .replace(/^time_pos_embed\.0\./, 'time_pos_embed.linear_1.')
    .replace(/^time_pos_embed\.2\./, 'time_pos_embed.linear_2.');
}
