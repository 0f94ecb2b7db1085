import type { ModelSource } from '../../workers/inference/api';
import type { OnTransfer } from '../../workers/model-files/api';
import { KNOWN_MODELS, type KnownModelId, knownModel } from '../checkpoints/known-models';
import { listModels, modelHandles, openModelFiles } from '../clients/model-files';
import { siteModel } from '../clients/models';
import { type ModelId, SITE_MODEL } from './active-model';
import { borrows, lenderFor, mergeFiles } from './shelf';

/** Where the files of a model are, for the inference worker, and the models that they are of: its own, and its lender's. */
export interface Sourced {
  readonly source: ModelSource;
  readonly of: readonly ModelId[];
}

/**
 * Finds the files of a model.
 *
 * @throws the errors of ModelFilesApi.open, and one that says so where a model must borrow and nothing is here to lend
 */
export async function sourceOf(id: ModelId, onProgress: OnTransfer, signal: AbortSignal): Promise<Sourced> {
  if (id === SITE_MODEL) return { source: await siteModel(), of: [id] };
  const own = await openModelFiles(id, onProgress, signal);
  const lender = await lenderOf(id);
  const files = lender ? mergeFiles(own, await openModelFiles(lender, onProgress, signal)) : own;
  const source: ModelSource = { kind: 'files', name: knownModel(id).title, files };
  return { source, of: lender ? [id, lender] : [id] };
}

/**
 * Asks for the files on the user's disk that a model needs. Must be called in a click.
 *
 * @returns whether all of them may be read now
 */
export async function allowFiles(id: KnownModelId): Promise<boolean> {
  const lender = await lenderOf(id).catch(() => undefined);
  const handles = (await Promise.all([id, ...(lender ? [lender] : [])].map(modelHandles))).flat();
  // One after the other: the browser asks in one window at a time, and often once for all.
  for (const handle of handles) {
    if ((await handle.requestPermission?.({ mode: 'read' })) === 'denied') return false;
  }
  return true;
}

/**
 * The model that lends another what it does not bring; undefined if it needs none.
 *
 * @throws Error if it needs one and none is here
 */
async function lenderOf(id: KnownModelId): Promise<KnownModelId | undefined> {
  const known = knownModel(id);
  if (!borrows(known)) return undefined;
  const lender = lenderFor(known, KNOWN_MODELS, await listModels());
  if (lender) return lender.id;
  throw new Error(
    `${known.title} is a UNet alone and borrows the VAE and the image encoder of an SVD model, and none is here. ` +
      'Add SVD, SVD-XT or SVD-XT 1.1 first.',
  );
}
