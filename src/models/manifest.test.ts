import { expect, test } from 'vitest';
import { madeUpWeights } from '../../reference/made-up-weights';
import { readReferenceJson } from '../../reference/read';
import { named, parameters } from '../nn/module';
import type { Graph } from '../onnx/graph';
import { AutoencoderKLTemporalDecoder } from './autoencoder-kl-temporal-decoder';
import { CLIPVisionModelWithProjection } from './clip-vision';
import { clipVisionConfig, unetConfig, vaeConfig } from './config';
import { imageEncoderGraph, unetGraph, vaeDecoderGraph, vaeEncoderGraph } from './graphs';
import { UNetSpatioTemporalConditionModel } from './unet-spatio-temporal-condition';

/** The real SVD-XT: its configs, every tensor of its files, and every norm's epsilon. Nothing here is computed. */
const { configs } = readReferenceJson<{ configs: Record<'unet' | 'vae' | 'image_encoder', unknown> }>(
  'manifest/summary.json',
);
const config = {
  unet: unetConfig.parse(configs.unet),
  vae: vaeConfig.parse(configs.vae),
  image_encoder: clipVisionConfig.parse(configs.image_encoder),
};
const networks = {
  unet: named(new UNetSpatioTemporalConditionModel(config.unet)),
  vae: named(new AutoencoderKLTemporalDecoder(config.vae)),
  image_encoder: named(new CLIPVisionModelWithProjection(config.image_encoder)),
};
const { asked, locate } = madeUpWeights();
const options = { dtype: 'float32', locate } as const;
const small = { frames: 2, height: 64, width: 64 };
const graphs = {
  unet: [unetGraph(config.unet, { ...small, height: 8, width: 8 }, options)],
  vae: [vaeEncoderGraph(config.vae, small, options), vaeDecoderGraph(config.vae, small, options)],
  image_encoder: [imageEncoderGraph(config.image_encoder, options)],
};
const parts = ['unet', 'vae', 'image_encoder'] as const;

const manifest = (part: string) =>
  new Map(readReferenceJson<{ list: [name: string, shape: number[]][] }>(`manifest/${part}.json`).list);

test.each(parts)('%s has the tensors of the real checkpoint, names and shapes, and no other', (part) => {
  const ours = new Map(parameters(networks[part]).map(({ path, shape }) => [path, shape]));
  expect(ours).toEqual(manifest(part));
});

test.each([
  // A context of one token makes queries, keys and the norm before them irrelevant (ARCHITECTURE.md, 35).
  [
    'unet',
    ['transformer_blocks', 'temporal_transformer_blocks'].flatMap((blocks) =>
      ['attn2.to_k.weight', 'attn2.to_q.weight', 'norm2.bias', 'norm2.weight'].map((name) => `${blocks}.N.${name}`),
    ),
  ],
  ['vae', []],
  ['image_encoder', []],
] as const)('the graph of %s reads every tensor but those that change nothing', (part, unread) => {
  const skipped = [...manifest(part).keys()].filter((name) => !asked.has(name));
  const patterns = skipped.map((name) => pattern(name).replace(/^.*?((temporal_)?transformer_blocks)/, '$1'));
  expect([...new Set(patterns)].sort()).toEqual([...unread].sort());
  // 16 transformers, a spatial and a temporal block each.
  expect(skipped).toHaveLength(16 * unread.length);
});

test.each(parts)('every norm of %s has its own epsilon', (part) => {
  const expected = Object.entries(
    readReferenceJson<Record<string, { type: string; eps: number }>>('manifest/norms.json'),
  )
    .filter(([name]) => name.startsWith(`${part}.`) && !/transformer_blocks\.N\.norm2$/.test(name))
    .map(([name, { type, eps }]) => [name.slice(part.length + 1), `${type} ${eps}`] as const);
  expect(norms(graphs[part])).toEqual(new Map(expected));
});

/** Type and epsilon of the norms of some graphs, by their paths with every index written N but those of blocks. */
function norms(graphs: readonly Graph[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const { name, opType, attributes } of graphs.flatMap(({ nodes }) => nodes)) {
    const type = { InstanceNormalization: 'GroupNorm', LayerNormalization: 'LayerNorm' }[opType];
    if (!type) continue;
    const path = pattern(name.slice(1, name.lastIndexOf('/')).replaceAll('/', '.'));
    const norm = `${type} ${(attributes.epsilon as { float: number }).float}`;
    // One pattern stands for several norms, which must all agree.
    expect(found.get(path) ?? norm, name).toBe(norm);
    found.set(path, norm);
  }
  return found;
}

/** `down_blocks.0.resnets.1.norm1` as `down_blocks.0.resnets.N.norm1`, as norms.json writes it. */
const pattern = (name: string) => name.replace(/(?<!\b(?:down|up)_blocks)\.\d+(?=\.|$)/g, '.N');
