import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  folder,
  loose,
  type Part,
  shardedFolder,
  singleFile,
  tinyConfigs,
  tinyTensors,
  type WrittenDType,
  type WrittenFile,
} from '../../reference/checkpoint-writer';
import { readReferencePicture } from '../../reference/read';
import { openGraph } from '../../reference/run-graph';
import { arrange } from '../../src/checkpoints/arrange';
import { Checkpoint } from '../../src/checkpoints/checkpoint';
import { type KnownModel, knownModel } from '../../src/checkpoints/known-models';
import type { Graph } from '../../src/onnx/graph';
import type { Settings } from '../../src/pipelines/settings';
import { type Network, stableVideoDiffusion } from '../../src/pipelines/stable-video-diffusion';
import { schedulerFromConfig } from '../../src/schedulers/from-config';
import type { Tensor } from '../../src/tensor/tensor';
import { heldFiles } from './held-files';
import { checkpointFacts, networksFrom } from './networks';

/**
 * The tiny checkpoint, written by reference/checkpoint-writer.ts in every layout and dtype, dropped, arranged and run: what
 * a layout holds decides the clip, and not how it holds it.
 */

/** The tiny checkpoint as a model that the app knows, so that its configs may be left out of a drop. */
const { 'model_index.json': _, ...configs } = tinyConfigs();
const TINY: KnownModel = { ...knownModel('svd-xt'), numFrames: 5 as 25, configs };

const SETTINGS: Settings = {
  width: 64,
  height: 64,
  numFrames: 2,
  fps: 7,
  motionBucketId: 127,
  noiseAugStrength: 0.02,
  numInferenceSteps: 1,
  minGuidanceScale: 1,
  maxGuidanceScale: 1,
  decodeChunkSize: 2,
  seed: 42,
};

const tensorsIn = (rounded: WrittenDType): Record<Part, ReturnType<typeof tinyTensors>> => ({
  unet: tinyTensors('unet', rounded),
  vae: tinyTensors('vae', rounded),
  image_encoder: tinyTensors('image_encoder', rounded),
});

const exact = tensorsIn('F16');
const inBfloat16 = tensorsIn('BF16');
const inFloat8 = tensorsIn('F8_E4M3');
const fp16 = folder(exact, 'F16');
const fp16OfBfloat16 = folder(inBfloat16, 'F16');
const fp16OfFloat8 = folder(inFloat8, 'F16');
const sharded = shardedFolder(exact, 'F16', 3);
const withoutConfigs = (files: readonly WrittenFile[]) => files.filter(({ name }) => name.endsWith('.safetensors'));

/** Each with the fp16 folder of the same values. */
const LAYOUTS: readonly (readonly [what: string, files: readonly WrittenFile[], reference: readonly WrittenFile[]])[] =
  [
    ['a float32 folder', folder(exact, 'F32'), fp16],
    ['a float16 folder in three shards', sharded, fp16],
    ['shards without their index', loose(withoutConfigs(sharded)), fp16],
    ['loose files and built-in configs', loose(withoutConfigs(fp16)), fp16],
    ['loose files and configs, three of one name', loose(fp16), fp16],
    ['a single file of float16', [singleFile(exact, 'F16')], fp16],
    ['a single file of float32', [singleFile(exact, 'F32')], fp16],
    ['a bfloat16 folder', folder(inBfloat16, 'BF16'), fp16OfBfloat16],
    ['an fp8 folder', folder(inFloat8, 'F8_E4M3'), fp16OfFloat8],
    ['a single file of fp8', [singleFile(inFloat8, 'F8_E4M3')], fp16OfFloat8],
  ];

describe.each(LAYOUTS)('%s', (_, files, other) => {
  test('gives every graph the bytes of the fp16 folder of the same values', async () => {
    const expected = await expectedOf(other);
    const checkpoint = await opened(files);
    for (const dtype of DTYPES) {
      expect(expected[dtype].size).toBeGreaterThan(1400);
      expect(await weightsRead(checkpoint, dtype)).toEqual(expected[dtype]);
    }
  }, 60_000);
});

test('gives the same clip', async () => {
  const clipOf = async (files: readonly WrittenFile[]) => clip(await opened(files));
  const expected = await clipOf(fp16);
  expect(expected).toHaveLength(2 * 3 * 64 * 64);
  expect(expected.every(Number.isFinite)).toBe(true);
  expect(await clipOf([singleFile(exact, 'F16')])).toEqual(expected);
}, 60_000);

const DTYPES = ['float32', 'float16'] as const;

/** What the graphs read from an fp16 folder, looked up once. */
function expectedOf(files: readonly WrittenFile[]): Promise<Record<(typeof DTYPES)[number], Map<string, string>>> {
  const known = expectations.get(files);
  if (known) return known;
  const looked = opened(files).then(async (checkpoint) => ({
    float32: await weightsRead(checkpoint, 'float32'),
    float16: await weightsRead(checkpoint, 'float16'),
  }));
  expectations.set(files, looked);
  return looked;
}

const expectations = new Map<readonly WrittenFile[], ReturnType<typeof expectedOf>>();

async function opened(dropped: readonly WrittenFile[]): Promise<Checkpoint> {
  const { files, texts, faults, missing } = await arrange(dropped, TINY);
  expect({ faults, missing }).toEqual({ faults: [], missing: [] });
  return Checkpoint.open(
    heldFiles(
      new Map([
        ...files.map(({ path, index }) => [path, (dropped[index] as WrittenFile).blob] as const),
        ...Object.entries(texts).map(([path, text]) => [path, new Blob([text])] as const),
      ]),
    ),
  );
}

/** A hash of every initializer that the four graphs of a clip read from the files. */
async function weightsRead(checkpoint: Checkpoint, dtype: 'float32' | 'float16'): Promise<Map<string, string>> {
  const read = new Map<string, string>();
  const look = async (graph: Graph, blobs: ReadonlyMap<string, Blob>) => {
    for (const { name, data } of graph.initializers.values()) {
      if (data instanceof Uint8Array) continue;
      const bytes = await blobs
        .get(data.location)
        ?.slice(data.offset, data.offset + data.length)
        .arrayBuffer();
      read.set(
        name,
        createHash('sha256')
          .update(new Uint8Array(bytes as ArrayBuffer))
          .digest('hex'),
      );
    }
    return { run: () => Promise.reject(new Error('Nobody runs it.')), release: async () => {} };
  };
  const networks = networksFrom(checkpoint, dtype, look);
  await networks.imageEncoder();
  await networks.vaeEncoder({ height: 64, width: 64 });
  await networks.unet({ frames: 2, height: 8, width: 8 });
  await networks.vaeDecoder({ frames: 2, height: 64, width: 64 });
  return read;
}

async function clip(checkpoint: Checkpoint): Promise<number[]> {
  const open = async (graph: Graph, blobs: ReadonlyMap<string, Blob>) => {
    const session = await openGraph(graph, blobs);
    const network: Network<Readonly<Record<string, Tensor>>> = {
      run: async (inputs) => Object.values(await session.run(inputs))[0] as Tensor,
      release: () => session.release(),
    };
    return network;
  };
  const networks = networksFrom(checkpoint, 'float32', open);
  const scheduler = schedulerFromConfig(checkpoint.scheduler, SETTINGS.numInferenceSteps);
  const picture = readReferencePicture('stages/image_128x64.png');
  const frames: number[] = [];
  for await (const event of stableVideoDiffusion(picture, SETTINGS, checkpointFacts(checkpoint), networks, scheduler)) {
    if (event.stage === 'decoding') frames.push(...event.sample.data);
  }
  return frames;
}
