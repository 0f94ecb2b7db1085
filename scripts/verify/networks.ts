import { vaeFactor } from '../../src/models/autoencoder-kl-temporal-decoder';
import { type CheckpointFiles, type Component, openWeights } from '../../src/models/checkpoint';
import {
  clipVisionConfig,
  parseConfig,
  type UNetConfig,
  unetConfig,
  type VaeConfig,
  vaeConfig,
} from '../../src/models/config';
import { frameTimesteps, timesteps } from '../../src/models/embeddings';
import { imageEncoderGraph, unetGraph, vaeDecoderGraph, vaeEncoderGraph } from '../../src/models/graphs';
import { UNetSpatioTemporalConditionModel, unetInputs } from '../../src/models/unet-spatio-temporal-condition';
import { named } from '../../src/nn/module';
import { Graph, type Value } from '../../src/onnx/graph';
import { guidanceScale } from '../../src/pipelines/guidance';
import type { Weights } from '../../src/safetensors/weights';
import { type Tensor, tensor } from '../../src/tensor/tensor';
import { type Bench, type Check, Reference, relativeError } from './check';

/** Checks of the networks against stages/. Limits: the loose ones, since another backend sums in another order. */

const LIMITS = { embeddings: 1e-5, clip: 1e-4, vae_encode: 2e-4, vae_decode: 1e-4, unet: 1e-4 } as const;

/**
 * Inner values tell which module is wrong; whether the network is right, its output tells. They may differ by more: the
 * reference's middle block norms groups of four numbers, which lets rounding grow (1.3e-4 on SwiftShader, where the output
 * differs by 3e-5).
 */
const INNER = 10;

/** The checkpoint inside a reference folder: wherever a unet/, vae/ or image_encoder/ has its config. */
export function checkpointFiles({ files }: Bench): CheckpointFiles | undefined {
  const config = files.paths.find((path) => /(^|\/)(unet|vae|image_encoder)\/config\.json$/.test(path));
  if (config === undefined) return undefined;
  const folder = config.replace(/(unet|vae|image_encoder)\/config\.json$/, '');
  return {
    paths: files.paths.filter((path) => path.startsWith(folder)).map((path) => path.slice(folder.length)),
    open: (path) => files.open(folder + path),
  };
}

/** A part of the checkpoint, or undefined where the folder has none. */
async function part<T>(
  bench: Bench,
  component: Component,
  parse: (json: unknown) => T,
): Promise<{ config: T; weights: Weights } | undefined> {
  const files = checkpointFiles(bench);
  if (!files?.paths.includes(`${component}/config.json`)) return undefined;
  const json: unknown = JSON.parse(await (await files.open(`${component}/config.json`)).text());
  return { config: parse(json), weights: await openWeights(files, component) };
}

const stageFiles = ({ files }: Bench, prefix: string): string[] =>
  files.paths.filter((path) => path.startsWith(`stages/${prefix}`) && path.endsWith('.safetensors')).sort();

const caseOf = (path: string, prefix: string): string =>
  path.slice(`stages/${prefix}`.length, -'.safetensors'.length) || 'all';

/** Adds a graph's inner values as outputs, runs it, and compares all that the reference has. */
class Comparison {
  constructor(
    private readonly stage: keyof typeof LIMITS,
    private readonly name: string,
  ) {}

  *compare(expected: Tensor, actual: Tensor, what: string): Iterable<Check> {
    const error = relativeError(actual.data, expected.data);
    const limit = what.startsWith('act.') ? INNER * LIMITS[this.stage] : LIMITS[this.stage];
    yield { stage: this.stage, case: `${this.name} ${what}`, error, limit };
  }
}

/**
 * Modules whose value here is not the reference's own, because an exact shortcut folded something into them or out of them:
 * cross-attention joins self-attention's output, residuals are added after the blend, temporal tokens lie pixel by pixel.
 */
const FOLDED = /\.(attn1|attn2|time_mixer|temporal_res_block)$|temporal_transformer_blocks/;

interface Inner {
  /** Name in the reference file. */
  readonly name: string;
  /** The module, by its path in the graph. */
  readonly path: string;
}

/** The inner outputs that the reference holds and the graph has under the same path. */
function innerOutputs(reference: Reference, graph: Graph): Inner[] {
  return reference.names
    .filter((name) => name.startsWith('act.'))
    .map((name) => ({
      name,
      path: name.slice('act.'.length).replace(/\.(every\d+th_channel|channels_\w+|frame_\d+)$/, ''),
    }))
    .filter(({ path }) => graph.scopes.has(path) && !FOLDED.test(path));
}

const innerName = (path: string) => `inner ${path}`;

/** The part of an inner value [frames, channels, ...] that the reference kept, which its name tells. */
function keptPart(value: Tensor, name: string): Tensor {
  const [frames, channels] = value.shape as [number, number];
  const every = /\.every(\d+)th_channel$/.exec(name);
  const listed = /\.channels_([\d_and]+)$/.exec(name);
  const frame = /\.frame_(\d+)$/.exec(name);
  if (!every && !listed && !frame) return value;
  const kept = every
    ? Array.from({ length: Math.ceil(channels / Number(every[1])) }, (_, i) => i * Number(every[1]))
    : listed?.[1]?.split('_and_').map(Number);
  const keptFrames = frame ? [Number(frame[1])] : Array.from({ length: frames }, (_, i) => i);
  const keptChannels = kept ?? Array.from({ length: channels }, (_, i) => i);
  const size = value.data.length / frames / channels;
  const rows = keptFrames.flatMap((f) =>
    keptChannels.map((c) => value.data.subarray((f * channels + c) * size, (f * channels + c + 1) * size)),
  );
  return join(
    rows.map((data) => tensor([data.length], Float32Array.from(data))),
    [keptFrames.length, keptChannels.length, ...value.shape.slice(2)],
  );
}

function join(parts: readonly Tensor[], shape: readonly number[]): Tensor {
  const data = new Float32Array(parts.reduce((sum, each) => sum + each.data.length, 0));
  let offset = 0;
  for (const each of parts) {
    data.set(each.data, offset);
    offset += each.data.length;
  }
  return tensor(shape, data);
}

export async function* embeddings(bench: Bench): AsyncGenerator<Check> {
  const [path] = stageFiles(bench, 'embeddings');
  if (!path) return;
  const reference = await Reference.open(bench, path);
  const unet = await part(bench, 'unet', (json) => parseConfig('unet/config.json', unetConfig, json));
  for (const name of reference.names) {
    const expected = async () => reference.read(name);
    const check = async (actual: Tensor): Promise<Check> => ({
      stage: 'embeddings',
      case: name,
      error: relativeError(actual.data, (await expected()).data),
      limit: LIMITS.embeddings,
    });
    const sinusoid = /^sinusoidal\.dim(\d+)$/.exec(name);
    const frames = /^frame_sinusoidal\.dim(\d+)$/.exec(name);
    const ids = /^add_time_proj(?:\.dim(\d+))?\(out\)$/.exec(name);
    const guidance = /^guidance\.min([\d.]+)_max([\d.]+)_frames(\d+)/.exec(name);
    if (guidance) {
      const [min, max, count] = guidance.slice(1).map(Number) as [number, number, number];
      const weights = guidanceScale(min, max, count);
      yield await check(tensor([count], weights));
    } else if (sinusoid) {
      const steps = await reference.read('timesteps');
      const spread = timesteps(steps.data, Number(sinusoid[1]));
      // torch's exp is off by the last bit now and then, which moves an angle of t radians by t * 2^-24.
      const lastBit = Math.max(...steps.data.map(Math.abs)) * 2 ** -24;
      yield { ...(await check(spread)), limit: Math.max(LIMITS.embeddings, lastBit) };
    } else if (frames) {
      const [count] = (await expected()).shape as [number];
      yield await check(frameConstant(count, Number(frames[1])));
    } else if (ids) {
      const { shape } = await expected();
      const width = (shape[1] as number) / 3;
      yield await check(timesteps((await reference.read('added_time_ids')).data, width));
    } else if (unet && name.endsWith('(out)')) {
      const module = name.slice(0, -'(out)'.length);
      const actual = await embeddingModule(bench, unet, reference, module, await expected());
      if (actual) yield await check(actual);
    }
  }
}

const flat = ({ data }: Tensor): Tensor => tensor([data.length], data);

/** What a small graph of one input makes of `input`. */
async function runOne(bench: Bench, input: Tensor, build: (x: Value) => Value, weights: Weights): Promise<Tensor> {
  const graph = new Graph(weights.locate);
  graph.output('out', build(graph.input('x', input.shape)));
  const network = await bench.open(graph, weights.blobs);
  try {
    return await network.run({ x: input });
  } finally {
    await network.release();
  }
}

function noWeights(): never {
  throw new Error('This graph has no parameters.');
}

/** A frame embedding is a constant of its graph: no session is needed to read it. */
function frameConstant(frames: number, channels: number): Tensor {
  const graph = new Graph(noWeights);
  const { name } = frameTimesteps(graph.input('like', [1]), frames, channels);
  const data = graph.initializers.get(name)?.data as Uint8Array;
  return tensor([frames, channels], new Float32Array(Uint8Array.from(data).buffer));
}

/** The UNet's three kinds of embedding module, on the inputs that the reference used. */
async function embeddingModule(
  bench: Bench,
  { config, weights }: { config: UNetConfig; weights: Weights },
  reference: Reference,
  module: string,
  expected: Tensor,
): Promise<Tensor | undefined> {
  const [width] = config.block_out_channels as [number];
  const unet = named(new UNetSpatioTemporalConditionModel(config));
  if (module === 'unet.time_embedding') {
    const time = timesteps((await reference.read('timesteps')).data, width);
    return runOne(bench, time, (x) => unet.time_embedding.call(x), weights);
  }
  if (module === 'unet.add_embedding') {
    const ids = await reference.read('added_time_ids');
    const { data } = timesteps(ids.data, config.addition_time_embed_dim);
    const added = tensor([ids.shape[0] as number, config.projection_class_embeddings_input_dim], data);
    return runOne(bench, added, (x) => unet.add_embedding.call(x), weights);
  }
  const position = /^down_blocks\.(\d+)\.attentions\.(\d+)\.time_pos_embed$/.exec(module);
  const [level, layer] = (position ?? []).slice(1).map(Number) as [number?, number?];
  const transformer = unet.down_blocks[level ?? -1]?.attentions[layer ?? -1];
  if (!transformer) return undefined;
  const [frames, channels] = expected.shape as [number, number];
  return runOne(bench, frameConstant(frames, channels), (x) => transformer.time_pos_embed.call(x), weights);
}

export async function* clip(bench: Bench): AsyncGenerator<Check> {
  const [path] = stageFiles(bench, 'clip');
  const [inputsPath] = stageFiles(bench, 'preprocess');
  const encoder = await part(bench, 'image_encoder', (json) =>
    parseConfig('image_encoder/config.json', clipVisionConfig, json),
  );
  if (!path || !inputsPath || !encoder) return;
  const reference = await Reference.open(bench, path);
  const inputs = await Reference.open(bench, inputsPath);
  const graph = imageEncoderGraph(encoder.config, { dtype: 'float32', locate: encoder.weights.locate });
  const modules = clipModules(encoder.config.num_hidden_layers);
  for (const module of new Set(modules.map(([, path]) => path))) {
    graph.output(innerName(module), graph.scopes.get(module) as Value);
  }
  const network = await bench.open(graph, encoder.weights.blobs);
  try {
    for (const name of reference.names.filter((each) => each.endsWith('.image_embeds'))) {
      const picture = name.slice(0, -'.image_embeds'.length);
      if (!inputs.has(`${picture}.pixel_values`)) continue;
      const outputs = await network.runAll({ pixel_values: await inputs.read(`${picture}.pixel_values`) });
      const comparison = new Comparison('clip', picture);
      yield* comparison.compare(await reference.read(name), outputs.get('image_embeds') as Tensor, 'image_embeds');
      for (const [suffix, module] of modules) {
        if (!reference.has(`${picture}.${suffix}`)) continue;
        yield* comparison.compare(
          await reference.read(`${picture}.${suffix}`),
          outputs.get(innerName(module)) as Tensor,
          suffix,
        );
      }
    }
  } finally {
    await network.release();
  }
}

/** transformers' names of the hidden states, and the modules that give them. */
function clipModules(layers: number): [suffix: string, module: string][] {
  const layer = (i: number) => `vision_model.encoder.layers.${i}`;
  return [
    ['embeddings_plus_pos', 'vision_model.embeddings'],
    ['hidden_states.0', 'vision_model.pre_layrnorm'],
    ...Array.from({ length: layers }, (_, i): [string, string] => [`hidden_states.${i + 1}`, layer(i)]),
    ['last_hidden_state', layer(layers - 1)],
    ['pooled_cls_post_layernorm', 'vision_model.post_layernorm'],
  ];
}

const openVae = (bench: Bench) => part(bench, 'vae', (json) => parseConfig('vae/config.json', vaeConfig, json));

export async function* vaeEncode(bench: Bench): AsyncGenerator<Check> {
  const vae = await openVae(bench);
  if (!vae) return;
  for (const path of stageFiles(bench, 'vae_encode')) {
    const reference = await Reference.open(bench, path);
    const image = await reference.read('noised_image');
    const [, , height, width] = image.shape as [number, number, number, number];
    const graph = vaeEncoderGraph(vae.config, { height, width }, { dtype: 'float32', locate: vae.weights.locate });
    yield* compareNetwork(bench, 'vae_encode', caseOf(path, 'vae_encode_'), graph, vae.weights, { image }, reference, [
      ['latents_mode', 'latents'],
      ['moments', innerName('quant_conv')],
    ]);
  }
}

export async function* vaeDecode(bench: Bench): AsyncGenerator<Check> {
  const vae = await openVae(bench);
  if (!vae) return;
  for (const path of stageFiles(bench, 'vae_decode')) {
    const reference = await Reference.open(bench, path);
    const latents = await scaledLatents(reference, vae.config);
    const name = caseOf(path, 'vae_decode');
    yield* compareNetwork(
      bench,
      'vae_decode',
      name,
      decoder(vae, latents),
      vae.weights,
      { latents },
      reference,
      wholeOrFrames(reference, 'frames', 'sample'),
    );
    for (const chunked of reference.names.filter((each) => /^frames_chunk\d+$/.test(each))) {
      const sample = await decodeInChunks(bench, vae, latents, Number(chunked.slice('frames_chunk'.length)));
      yield* new Comparison('vae_decode', name).compare(await reference.read(chunked), sample, chunked);
    }
  }
}

function decoder({ config, weights }: { config: VaeConfig; weights: Weights }, latents: Tensor): Graph {
  const [frames, , h, w] = latents.shape as [number, number, number, number];
  const factor = vaeFactor(config);
  const shape = { frames, height: h * factor, width: w * factor };
  return vaeDecoderGraph(config, shape, { dtype: 'float32', locate: weights.locate });
}

async function scaledLatents(reference: Reference, { scaling_factor }: VaeConfig): Promise<Tensor> {
  if (reference.has('z_unscaled')) return reference.read('z_unscaled');
  const { shape, data } = await reference.read('latents_scaled');
  return tensor(
    shape.slice(1),
    data.map((value) => value / scaling_factor),
  );
}

async function decodeInChunks(
  bench: Bench,
  vae: { config: VaeConfig; weights: Weights },
  latents: Tensor,
  size: number,
): Promise<Tensor> {
  const [frames, ...rest] = latents.shape as [number, number, number, number];
  const length = latents.data.length / frames;
  const samples: Tensor[] = [];
  for (let first = 0; first < frames; first += size) {
    const count = Math.min(size, frames - first);
    const chunk = tensor([count, ...rest], latents.data.slice(first * length, (first + count) * length));
    const network = await bench.open(decoder(vae, chunk), vae.weights.blobs);
    samples.push(await network.run({ latents: chunk }));
    await network.release();
  }
  return join(samples, [frames, ...(samples[0] as Tensor).shape.slice(1)]);
}

/** `NAME`, or `NAME.frame_K` where the reference kept single frames, with the output that holds it. */
function wholeOrFrames(reference: Reference, name: string, output: string): [string, string][] {
  return reference.names
    .filter((each) => each === name || each.startsWith(`${name}.frame_`))
    .map((each) => [each, output]);
}

/** One run of a graph, its outputs and its inner values against the reference's. */
async function* compareNetwork(
  bench: Bench,
  stage: keyof typeof LIMITS,
  name: string,
  graph: Graph,
  weights: Weights,
  inputs: Readonly<Record<string, Tensor>>,
  reference: Reference,
  outputs: readonly (readonly [expected: string, output: string])[],
): AsyncGenerator<Check> {
  const inner = innerOutputs(reference, graph);
  const paths = new Set(inner.map(({ path }) => path));
  if (graph.scopes.has('quant_conv')) paths.add('quant_conv');
  for (const path of paths) graph.output(innerName(path), graph.scopes.get(path) as Value);
  const network = await bench.open(graph, weights.blobs);
  try {
    const values = await network.runAll(inputs);
    const comparison = new Comparison(stage, name);
    for (const [expected, output] of outputs) {
      if (reference.has(expected))
        yield* comparison.compare(
          await reference.read(expected),
          keptPart(values.get(output) as Tensor, expected),
          expected,
        );
    }
    for (const { name: expected, path } of inner) {
      yield* comparison.compare(
        await reference.read(expected),
        keptPart(values.get(innerName(path)) as Tensor, expected),
        expected,
      );
    }
  } finally {
    await network.release();
  }
}

export async function* unet(bench: Bench): AsyncGenerator<Check> {
  const model = await part(bench, 'unet', (json) => parseConfig('unet/config.json', unetConfig, json));
  if (!model) return;
  for (const path of stageFiles(bench, 'unet_')) yield* unetCase(bench, model, path);
}

async function* unetCase(
  bench: Bench,
  { config, weights }: { config: UNetConfig; weights: Weights },
  path: string,
): AsyncGenerator<Check> {
  const reference = await Reference.open(bench, path);
  const sample = await reference.read('sample');
  const [batch, frames, , height, width] = sample.shape as [number, number, number, number, number];
  const graph = unetGraph(config, { frames, height, width }, { dtype: 'float32', locate: weights.locate });
  const inner = innerOutputs(reference, graph);
  for (const { path: module } of inner) graph.output(innerName(module), graph.scopes.get(module) as Value);
  const network = await bench.open(graph, weights.blobs);
  try {
    const items: Map<string, Tensor>[] = [];
    for (let item = 0; item < batch; item++) {
      const one = async (name: string) => itemOf(await reference.read(name), item, batch);
      const timestep = await reference.read('timestep');
      items.push(
        await network.runAll(
          unetInputs(config, {
            sample: tensor(sample.shape.slice(1), (await one('sample')).data),
            timestep: tensor([1], timestep.data.slice(0, 1)),
            encoder_hidden_states: tensor(
              [1, (await one('encoder_hidden_states')).data.length],
              (await one('encoder_hidden_states')).data,
            ),
            added_time_ids: flat(await one('added_time_ids')),
          }),
        ),
      );
    }
    const comparison = new Comparison('unet', caseOf(path, 'unet_'));
    const all = (output: string) => items.map((values) => values.get(output) as Tensor);
    for (const name of reference.names.filter((each) => each === 'output' || each.startsWith('output.frame_'))) {
      const actual = all('v').map((v) => keptPart(v, name));
      yield* comparison.compare(
        await reference.read(name),
        join(actual, [actual.reduce((sum, { data }) => sum + data.length, 0)]),
        name,
      );
    }
    for (const { name, path: module } of inner) {
      const actual = all(innerName(module)).map((value) => keptPart(value, name));
      yield* comparison.compare(
        await reference.read(name),
        join(actual, [actual.reduce((sum, { data }) => sum + data.length, 0)]),
        name,
      );
    }
  } finally {
    await network.release();
  }
}

/** One item of a batch, where the batch is the first axis or folded into it. */
function itemOf({ shape, data }: Tensor, item: number, batch: number): Tensor {
  const length = data.length / batch;
  return tensor([(shape[0] as number) / batch, ...shape.slice(1)], data.slice(item * length, (item + 1) * length));
}
