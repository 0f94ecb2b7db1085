import { preprocessing, rng, schedulers } from './arithmetic';
import type { Bench, Check } from './check';
import { clip, embeddings, unet, vaeDecode, vaeEncode } from './networks';
import { pipelines } from './pipeline';

/** The stages that run on a backend; the rest is plain arithmetic, the same everywhere. */
const NETWORKS = [clip, vaeEncode, unet, vaeDecode];

/** Every check that the folder has data for, in the order of a clip. */
export async function* verify(bench: Bench): AsyncGenerator<Check> {
  for (const stage of [rng, schedulers, preprocessing, embeddings, ...NETWORKS, pipelines]) yield* stage(bench);
}

/** The checks of the networks alone. */
export async function* verifyNetworks(bench: Bench): AsyncGenerator<Check> {
  for (const stage of NETWORKS) yield* stage(bench);
}

/** NaN compares as a failure. */
export const passes = ({ error, limit }: Check): boolean => error <= limit;
