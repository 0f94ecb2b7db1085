import type { Graph, Value } from '../../src/onnx/graph';
import type { Weights } from '../../src/safetensors/weights';
import { type Tensor, tensor } from '../../src/tensor/tensor';
import { type Bench, type Check, type Reference, relativeError } from './check';

/** Runs a graph and compares its values, the inner ones too, with the reference's. */

/** The loose limits: another backend sums in another order. */
export const LIMITS = { embeddings: 1e-5, clip: 1e-4, vae_encode: 2e-4, vae_decode: 1e-4, unet: 1e-4 } as const;

export type Stage = keyof typeof LIMITS;

/**
 * Inner values tell which module is wrong; whether the network is right, its output tells. They may differ by more: the
 * reference's middle block norms groups of four numbers, which lets rounding grow (1.3e-4 on SwiftShader, where the output
 * differs by 3e-5).
 */
const INNER = 10;

export function compare(stage: Stage, name: string, actual: Tensor, expected: Tensor): Check {
  const limit = name.includes('act.') ? INNER * LIMITS[stage] : LIMITS[stage];
  return { stage, case: name, error: relativeError(actual.data, expected.data), limit };
}

export interface Run {
  readonly stage: Stage;
  /** Stands before the names of the values. */
  readonly name: string;
  readonly graph: Graph;
  readonly weights: Weights;
  /** Inputs of each run: one, or one for each item of the reference's batch. */
  readonly feeds: readonly Readonly<Record<string, Tensor>>[];
  readonly reference: Reference;
  /** The graph's values by their names in the reference. */
  readonly values: ReadonlyMap<string, Value>;
}

/** Makes every value an output, runs the graph on each of the feeds, and compares what they give together. */
export async function* compareRun(bench: Bench, run: Run): AsyncGenerator<Check> {
  const { stage, name, graph, weights, feeds, reference, values } = run;
  const outputOf = (value: Value) => `compared ${value.name}`;
  for (const value of new Set(values.values())) graph.output(outputOf(value), value);
  const network = await bench.open(graph, weights.blobs);
  try {
    const runs: Map<string, Tensor>[] = [];
    for (const feed of feeds) runs.push(await network.runAll(feed));
    for (const [expected, value] of values) {
      const actual = runs.map((outputs) => keptPart(outputs.get(outputOf(value)) as Tensor, expected));
      yield compare(stage, `${name} ${expected}`.trim(), joined(actual), await reference.read(expected));
    }
  } finally {
    await network.release();
  }
}

/** The names under which the reference holds a value: whole, or single frames of it as NAME.frame_K. */
export function named(reference: Reference, name: string, value: Value | undefined): Map<string, Value> {
  const names = reference.names.filter((each) => each === name || each.startsWith(`${name}.frame_`));
  return new Map(value ? names.map((each) => [each, value]) : []);
}

/**
 * Modules whose value here is not the reference's own, because an exact shortcut folded something into them or out of them:
 * cross-attention joins self-attention's output, residuals are added after the blend, temporal tokens lie pixel by pixel.
 */
const FOLDED = /\.(attn1|attn2|time_mixer|temporal_res_block)$|temporal_transformer_blocks/;

/** The inner values that the reference holds, `act.PATH`, and the graph has under the same path. */
export function innerValues(reference: Reference, graph: Graph): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const name of reference.names.filter((each) => each.startsWith('act.'))) {
    const path = name.slice('act.'.length).replace(/\.(every\d+th_channel|channels_\w+|frame_\d+)$/, '');
    // The reference's up blocks end with their upsamplers, which ours leaves to the next block.
    const value = graph.scopes.get(`${path}.upsamplers.0`) ?? graph.scopes.get(path);
    if (value && !FOLDED.test(path)) values.set(name, value);
  }
  return values;
}

/** The part of a value [frames, channels, ...] that the reference kept, which its name tells. */
function keptPart(value: Tensor, name: string): Tensor {
  const every = /\.every(\d+)th_channel$/.exec(name)?.[1];
  const listed = /\.channels_([\d_and]+)$/.exec(name)?.[1];
  const frame = /\.frame_(\d+)$/.exec(name)?.[1];
  if (!every && !listed && !frame) return value;
  const [frameCount, channelCount] = value.shape as [number, number];
  const all = (count: number) => Array.from({ length: count }, (_, i) => i);
  const frames = frame ? [Number(frame)] : all(frameCount);
  const channels = listed
    ? listed.split('_and_').map(Number)
    : all(channelCount).filter((channel) => channel % Number(every ?? 1) === 0);
  const size = value.data.length / frameCount / channelCount;
  const planes = frames.flatMap((f) => channels.map((c) => (f * channelCount + c) * size));
  return joined(planes.map((start) => tensor([size], value.data.slice(start, start + size))));
}

/** The elements of all of them, one after the other. */
export function joined(parts: readonly Tensor[]): Tensor {
  const out = tensor([parts.reduce((sum, { data }) => sum + data.length, 0)]);
  let offset = 0;
  for (const { data } of parts) {
    out.data.set(data, offset);
    offset += data.length;
  }
  return out;
}
