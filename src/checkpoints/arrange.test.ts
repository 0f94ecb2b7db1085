import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { announcedFile } from '../../reference/announced-file';
import { tinyConfigs } from '../../reference/checkpoint-writer';
import { readReferenceJson } from '../../reference/read';
import { type Arrangement, arrange, type DroppedFile } from './arrange';
import type { Component } from './checkpoint-files';
import { knownModel } from './known-models';

type Tensors = readonly (readonly [name: string, shape: readonly number[]])[];

/** The tensors of the real SVD-XT. Files only announce them: arranging reads no weight. */
const tensorsOf = (component: Component): Tensors =>
  readReferenceJson<{ list: [string, number[]][] }>(`manifest/${component}.json`).list;
const unet = tensorsOf('unet');
const vae = tensorsOf('vae');
const encoder = tensorsOf('image_encoder');
const single: Tensors = Object.entries(
  readReferenceJson<{ map: Record<string, { shape: number[] }> }>('manifest/single_file_map.json').map,
).map(([name, { shape }]) => [name, shape]);

const XT = knownModel('svd-xt');
const SVD = knownModel('svd');
const LCM = knownModel('animatelcm-svd');

const at = (path: string, content: Blob | string): DroppedFile => ({
  path,
  name: path.slice(path.lastIndexOf('/') + 1),
  blob: typeof content === 'string' ? new Blob([content]) : content,
});
const loose = (name: string, content: Blob | string): DroppedFile => ({ ...at(name, content), path: undefined });

const weights = [
  at('svd/unet/diffusion_pytorch_model.fp16.safetensors', announcedFile(unet)),
  at('svd/vae/diffusion_pytorch_model.fp16.safetensors', announcedFile(vae)),
  at('svd/image_encoder/model.fp16.safetensors', announcedFile(encoder)),
];
const [unetFile, vaeFile, encoderFile] = weights as [DroppedFile, DroppedFile, DroppedFile];
const configs = Object.entries(XT.configs).map(([path, text]) => at(`svd/${path}`, text));

const SOUND = { faults: [], missing: [] };

/** Path -> the name of the file that lies there. */
const placed = ({ files }: Arrangement, dropped: readonly DroppedFile[]) =>
  Object.fromEntries(files.map(({ path, index }) => [path, dropped[index]?.path ?? dropped[index]?.name]));

describe('a folder', () => {
  test('in diffusers’ layout keeps its paths and its configs', async () => {
    const own = configs.map((file) =>
      file.name === 'scheduler_config.json' ? at(file.path ?? '', '{"_class_name":"EulerDiscreteScheduler"}') : file,
    );
    const dropped = [...own, ...weights];
    const arranged = await arrange(dropped, XT);
    expect(arranged).toMatchObject({ ...SOUND, kind: 'folder', notes: [] });
    expect(placed(arranged, dropped)).toEqual({
      'unet/diffusion_pytorch_model.fp16.safetensors': 'svd/unet/diffusion_pytorch_model.fp16.safetensors',
      'vae/diffusion_pytorch_model.fp16.safetensors': 'svd/vae/diffusion_pytorch_model.fp16.safetensors',
      'image_encoder/model.fp16.safetensors': 'svd/image_encoder/model.fp16.safetensors',
    });
    expect(arranged.texts).toEqual({
      ...XT.configs,
      'scheduler/scheduler_config.json': '{"_class_name":"EulerDiscreteScheduler"}',
    });
    expect(arranged.dtypes).toEqual({ unet: 'F16', vae: 'F16', image_encoder: 'F16' });
    expect(arranged.bytes).toBe(weights.reduce((sum, { blob }) => sum + blob.size, 0));
  });

  test('as the hub has it, with every variant, gives its float16 parts, in whatever order the files come', async () => {
    const hub = [
      ...configs,
      ...weights,
      at('svd/unet/diffusion_pytorch_model.safetensors', announcedFile(unet, 'F32')),
      at('svd/vae/diffusion_pytorch_model.safetensors', announcedFile(vae, 'F32')),
      at('svd/image_encoder/model.safetensors', announcedFile(encoder, 'F32')),
      at('svd/svd_xt.safetensors', announcedFile(single, 'F32')),
      at('svd/svd_xt_image_decoder.safetensors', announcedFile(single.filter(([name]) => !/^first.*time_/.test(name)))),
      at('svd/README.md', '# Stable Video Diffusion'),
      at('svd/model_index.json', '{"_class_name":"StableVideoDiffusionPipeline"}'),
      at('svd/output_tile.gif', 'GIF89a'),
      at('svd/.gitattributes', '*.safetensors filter=lfs'),
    ];
    const expected = placed(await arrange(weights, XT), weights);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(hub, { minLength: hub.length }), async (dropped) => {
        const arranged = await arrange(dropped, XT);
        expect(arranged).toMatchObject(SOUND);
        expect(placed(arranged, dropped)).toEqual(expected);
        expect([...arranged.notes].sort()).toEqual([
          'svd/image_encoder/model.safetensors is left aside: svd/image_encoder/model.fp16.safetensors serves instead.',
          'svd/svd_xt.safetensors is left aside: svd/unet/diffusion_pytorch_model.fp16.safetensors serves instead.',
          expect.stringContaining(
            'svd/svd_xt_image_decoder.safetensors is Stable Video Diffusion with the decoder for',
          ),
          'svd/unet/diffusion_pytorch_model.safetensors is left aside: svd/unet/diffusion_pytorch_model.fp16.safetensors serves instead.',
          'svd/vae/diffusion_pytorch_model.safetensors is left aside: svd/vae/diffusion_pytorch_model.fp16.safetensors serves instead.',
        ]);
      }),
      { numRuns: 10 },
    );
  }, 30_000);

  test.each([
    ['F32', 'F8_E4M3', 'F32'],
    ['BF16', 'F32', 'BF16'],
    ['F8_E4M3', 'BF16', 'BF16'],
  ] as const)('with the UNet in %s and %s takes %s', async (first, second, chosen) => {
    const both = [
      loose('a.safetensors', announcedFile(unet, first)),
      loose('b.safetensors', announcedFile(unet, second)),
    ];
    const dropped = [...both, vaeFile, encoderFile];
    const arranged = await arrange(dropped, XT);
    expect(arranged).toMatchObject({ ...SOUND, dtypes: { unet: chosen, vae: 'F16' } });
    expect(arranged.files[0]?.path).toBe('unet/diffusion_pytorch_model.safetensors');
  });

  test('of which nothing is there misses everything', async () => {
    expect(await arrange([], XT)).toMatchObject({ files: [], faults: [], missing: ['unet', 'vae', 'image_encoder'] });
  });

  test('without a part says which', async () => {
    expect(await arrange([unetFile, encoderFile], XT)).toMatchObject({ faults: [], missing: ['vae'] });
  });
});

describe('loose files', () => {
  test('get built-in configs, whatever their names are', async () => {
    const dropped = [
      loose('one.safetensors', announcedFile(vae)),
      loose('two.bin', announcedFile(encoder)),
      loose('three', announcedFile(unet)),
    ];
    const arranged = await arrange(dropped, SVD);
    expect(arranged).toMatchObject({ ...SOUND, texts: SVD.configs });
    expect(placed(arranged, dropped)).toEqual({
      'unet/diffusion_pytorch_model.fp16.safetensors': 'three',
      'vae/diffusion_pytorch_model.fp16.safetensors': 'one.safetensors',
      'image_encoder/model.fp16.safetensors': 'two.bin',
    });
  });

  test('named config.json are told apart by what they say', async () => {
    const marked = (path: string) => JSON.stringify({ ...JSON.parse(XT.configs[path] ?? ''), mark: path });
    const paths = Object.keys(XT.configs).filter((path) => path !== 'generation_config.json');
    const dropped = [...weights, ...paths.map((path) => loose('config.json', marked(path)))];
    const arranged = await arrange(dropped, XT);
    expect(arranged.faults).toEqual([]);
    for (const path of paths) expect(arranged.texts[path]).toBe(marked(path));
  });
});

test('of several configs the one that lies with the weights is taken', async () => {
  const other = at('a/vae/config.json', tinyConfigs()['vae/config.json'] ?? '');
  for (const dropped of [
    [other, ...configs, ...weights],
    [...weights, ...configs, other],
  ]) {
    const { faults, texts } = await arrange(dropped, XT);
    expect(faults).toEqual([]);
    expect(texts['vae/config.json']).toBe(XT.configs['vae/config.json']);
  }
});

describe('shards', () => {
  const cut = 700;
  const first = announcedFile(unet.slice(0, cut));
  const second = announcedFile(unet.slice(cut));
  const names = [1, 2].map((i) => `diffusion_pytorch_model-0000${i}-of-00002.safetensors`) as [string, string];
  const shards = [at(`m/unet/${names[0]}`, first), at(`m/unet/${names[1]}`, second)];
  const weightMap = Object.fromEntries(unet.map(([name], i) => [name, names[i < cut ? 0 : 1]]));
  const index = at('m/unet/diffusion_pytorch_model.safetensors.index.json', JSON.stringify({ weight_map: weightMap }));

  test.each([
    ['with their index', [index]],
    ['without one', []],
  ])('%s become shards of diffusers’ names, and an index of them', async (_, more) => {
    const dropped = [encoderFile, ...shards, vaeFile, ...more];
    const arranged = await arrange(dropped, XT);
    expect(arranged).toMatchObject(SOUND);
    const paths = [1, 2].map((i) => `unet/diffusion_pytorch_model.fp16-0000${i}-of-00002.safetensors`) as [
      string,
      string,
    ];
    expect(placed(arranged, dropped)).toMatchObject({
      [paths[0]]: `m/unet/${names[0]}`,
      [paths[1]]: `m/unet/${names[1]}`,
    });
    const written = JSON.parse(arranged.texts['unet/diffusion_pytorch_model.fp16.safetensors.index.json'] ?? '');
    expect(written.weight_map[unet[0]?.[0] ?? '']).toBe(paths[0].slice('unet/'.length));
    expect(Object.keys(written.weight_map)).toHaveLength(unet.length);
  });

  test.each([
    [
      'of which the index names one more',
      [shards[0], index],
      `m/unet/diffusion_pytorch_model.safetensors.index.json names ${names[1]}, which is not among the files. Add it too.`,
    ],
    [
      'of which one is missing and nothing names it',
      [shards[0]],
      `m/unet/${names[0]} lacks ${unet.length - cut} of the ${unet.length} tensors of the unet: `,
    ],
    [
      'that disagree with their index',
      [shards[0], at(`m/unet/${names[1]}`, announcedFile(unet.slice(cut + 1))), index],
      `m/unet/${names[1]} has no tensor ${unet[cut]?.[0]}, which m/unet/diffusion_pytorch_model.safetensors.index.json says is there.`,
    ],
    [
      'that overlap',
      [shards[0], at(`m/unet/${names[1]}`, announcedFile(unet.slice(cut - 1))), index],
      `m/unet/${names[0]} and m/unet/${names[1]} both hold the tensor ${unet[cut - 1]?.[0]}: add the files of one model at a time.`,
    ],
    [
      'that lie in different folders, where they may be of different models',
      [shards[0], at(`other/unet/${names[1]}`, second)],
      `m/unet/${names[0]} lacks ${unet.length - cut} of the ${unet.length} tensors of the unet: `,
    ],
    [
      'with an index that is damaged',
      [...shards, at('m/unet/x.index.json', '{"weight_map": {')],
      'm/unet/x.index.json is not JSON',
    ],
    ['with an index of nothing', [...shards, at('m/unet/x.index.json', '{"weight_map": {}}')], 'names no tensor'],
  ] as readonly [string, DroppedFile[], string][])('%s are refused', async (_, files, fault) => {
    const { faults } = await arrange([...files, vaeFile, encoderFile], XT);
    expect(faults).toEqual([expect.stringContaining(fault)]);
  });
});

describe('a checkpoint in one file', () => {
  test('lies at the top, with built-in configs', async () => {
    const dropped = [loose('whatever.bin', announcedFile(single, 'F32'))];
    const arranged = await arrange(dropped, XT);
    expect(arranged).toMatchObject({ ...SOUND, kind: 'single-file', texts: XT.configs });
    expect(arranged.files).toEqual([{ path: 'checkpoint.safetensors', index: 0 }]);
    expect(arranged.dtypes).toEqual({ unet: 'F32', vae: 'F32', image_encoder: 'F32' });
    expect(arranged.bytes).toBe(dropped[0]?.blob.size);
  });

  test('is taken where the folder is not whole', async () => {
    const arranged = await arrange([unetFile, loose('svd.safetensors', announcedFile(single))], XT);
    expect(arranged).toMatchObject({
      ...SOUND,
      kind: 'single-file',
      files: [{ path: 'checkpoint.safetensors', index: 1 }],
    });
  });

  test('that lacks tensors is refused with their list', async () => {
    const dropped = [
      loose('svd.safetensors', announcedFile(single.filter(([name]) => !name.includes('.mid.block_2.')))),
    ];
    const { faults } = await arrange(dropped, XT);
    expect(faults).toEqual([
      expect.stringMatching(/^svd\.safetensors lacks 25 of the 374 tensors of the vae: (\S+, ){5}\S+ and 19 more\. /),
    ]);
    expect(faults[0]).toContain('encoder.mid_block.resnets.1.norm1.weight');
  });

  test('that holds the UNet alone is refused', async () => {
    const alone = single.filter(([name]) => name.startsWith('model.'));
    const { faults, missing } = await arrange([loose('svd.safetensors', announcedFile(alone))], XT);
    expect(missing).toEqual(['unet', 'vae', 'image_encoder']);
    expect(faults).toEqual([
      'svd.safetensors is a checkpoint in one file that holds only the UNet; the UNet, the VAE, the image encoder are needed. Fetch the whole file.',
    ]);
  });
});

describe('AnimateLCM-SVD', () => {
  test('is a UNet alone, with its own scheduler', async () => {
    const dropped = [loose('AnimateLCM-SVD-xt-1.1.safetensors', announcedFile(unet, 'F32')), ...configs];
    const arranged = await arrange(dropped, LCM);
    expect(arranged).toMatchObject({
      ...SOUND,
      files: [{ path: 'unet/diffusion_pytorch_model.safetensors', index: 0 }],
    });
    expect(Object.keys(arranged.texts).sort()).toEqual(Object.keys(LCM.configs).sort());
    expect(arranged.texts['scheduler/scheduler_config.json']).toContain('AnimateLCMSVDStochasticIterativeScheduler');
  });

  test('leaves the other networks aside', async () => {
    const { faults, notes } = await arrange(weights, LCM);
    expect(faults).toEqual([]);
    expect(notes).toContain(`${vaeFile.path} is left aside: this model does not need it.`);
  });

  test('is not a checkpoint in one file', async () => {
    const { faults, missing } = await arrange([loose('svd.safetensors', announcedFile(single))], LCM);
    expect(missing).toEqual(['unet']);
    expect(faults).toEqual([
      'svd.safetensors is a checkpoint in one file; AnimateLCM-SVD is a UNet alone, in diffusers’ names. Fetch it from https://huggingface.co/wangfuyun/AnimateLCM-SVD-xt.',
    ]);
  });
});

describe('a mixed set is refused:', () => {
  const tiny = tinyConfigs();
  const changed = (path: string, change: object) =>
    at(`m/${path}`, JSON.stringify({ ...JSON.parse(XT.configs[path] ?? ''), ...change }));
  const otherEncoder = encoder.map(([name, shape]): Tensors[number] =>
    name === 'visual_projection.weight' ? [name, [768, 1280]] : [name, shape],
  );

  test.each([
    [
      'SVD-XT with the config of 14 frames',
      [...weights, at('m/unet/config.json', SVD.configs['unet/config.json'] ?? '')],
      'm/unet/config.json is of a model that makes 14 frames; SVD-XT makes 25. Add these files to the model they belong to, or leave this config out if the weights are SVD-XT’s.',
    ],
    [
      'weights with the config of a smaller model',
      [...weights, at('m/vae/config.json', tiny['vae/config.json'] ?? '')],
      'vae/config.json does not fit svd/vae/diffusion_pytorch_model.fp16.safetensors: it asks for encoder.conv_in.weight of shape [32,3,3,3], and the file has [128,3,3,3].',
    ],
    [
      'a config that no SVD has',
      [...weights, changed('vae/config.json', { latent_channels: 'many' })],
      'vae/config.json is not one this app can run.',
    ],
    [
      'an image encoder of another width',
      [
        unetFile,
        vaeFile,
        at('m/image_encoder/model.safetensors', announcedFile(otherEncoder)),
        changed('image_encoder/config.json', { projection_dim: 768 }),
      ],
      'The parts of this checkpoint do not fit together: projection_dim of image_encoder and cross_attention_dim of unet is 768 here and 1024 there.',
    ],
    [
      'weights that are no numbers of a weight',
      [unetFile, encoderFile, loose('vae.safetensors', announcedFile(vae, 'I64'))],
      'vae.safetensors: tensor encoder.conv_in.weight is stored as I64; weights are read from',
    ],
    [
      'a config that is not JSON',
      [...weights, at('m/unet/config.json', '{"in_channels')],
      'm/unet/config.json is not JSON: the file is damaged.',
    ],
  ] as readonly [string, DroppedFile[], string][])('%s', async (_, dropped, fault) => {
    const { faults } = await arrange(dropped, XT);
    expect(faults).toEqual([expect.stringContaining(fault)]);
  });

  test('a UNet of SDXL in place of SVD’s', async () => {
    const sdxl = announcedFile([
      ['conv_in.weight', [320, 4, 3, 3]],
      ['down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight', [640, 2048]],
    ]);
    const { faults, missing } = await arrange([at('m/unet/model.safetensors', sdxl), vaeFile, encoderFile], XT);
    expect(missing).toEqual(['unet']);
    expect(faults).toEqual([expect.stringContaining('m/unet/model.safetensors is a UNet of Stable Diffusion XL')]);
  });

  test('a Git LFS pointer in place of the weights', async () => {
    const pointer = loose('unet.safetensors', 'version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n');
    const { faults, missing } = await arrange([pointer, vaeFile, encoderFile], XT);
    expect(missing).toEqual(['unet']);
    expect(faults).toEqual([expect.stringContaining('unet.safetensors is a Git LFS pointer')]);
  });
});
