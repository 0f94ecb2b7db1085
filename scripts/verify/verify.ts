import { preprocessing, rng, schedulers } from './arithmetic';
import type { Bench, Check } from './check';
import { clip } from './clip';
import { embeddings } from './embeddings';
import { pipelines } from './pipeline';
import { unet } from './unet';
import { vaeDecode, vaeEncode } from './vae';

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
