import { proxy, transfer } from 'comlink';
import type { BackendInfo, Frames, InferenceApi, ModelInfo, ModelSource, Progress } from '../../workers/inference/api';
import type { Settings } from '../pipelines/settings';
import type { Picture } from '../processors/picture';
import { WorkerHandle } from './worker-handle';

export interface OpenedModel {
  readonly backend: BackendInfo;
  readonly model: ModelInfo;
}

let current: { readonly source: ModelSource; readonly opened: Promise<OpenedModel> } | undefined;

const worker = new WorkerHandle<InferenceApi>(
  () => new Worker(new URL('../../workers/inference/index.ts', import.meta.url), { type: 'module', name: 'inference' }),
  () => {
    current = undefined;
  },
);

/**
 * Starts the worker and opens a model, once for the life of the worker and until another one is opened. Where that fails
 * the model that was open before stays open.
 */
export function openModel(source: ModelSource): Promise<OpenedModel> {
  if (current?.source === source) return current.opened;
  const previous = current;
  const opened = worker.call((api) => api.open(source, wantedBackend()));
  current = { source, opened };
  opened.catch((error: Error) => {
    if (current?.opened !== opened) return;
    if (previous) current = previous;
    else endInference(error);
  });
  return opened;
}

/**
 * Makes one clip; aborting `signal` ends it at its next step. Opens `source` first where that has not been done.
 *
 * @param picture its bytes move to the worker and are gone afterwards
 * @param budgetBytes memory that it may take; what is usual for the backend unless given
 * @throws an error whose `name` tells what happened (see InferenceApi): AbortError when cancelled
 */
export async function generate(
  source: ModelSource,
  picture: Picture,
  settings: Settings,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
  budgetBytes?: number,
): Promise<Frames> {
  await openModel(source);
  signal.throwIfAborted();
  const cancel = () => void worker.call((api) => api.cancel()).catch(() => {});
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await worker.call((api) =>
      api.generate(transfer(picture, [picture.data.buffer]), settings, proxy(onProgress), budgetBytes),
    );
  } catch (error) {
    // A run that broke may leave sessions behind, or a wasm heap that is full: only a fresh worker is surely sound.
    if (!leavesWorkerSound(error)) endInference(error as Error);
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** Ends the worker now, not at the next step; what waits for it rejects with `reason`. The model must be read anew. */
export function endInference(reason: Error): void {
  worker.end(reason);
}

const leavesWorkerSound = (error: unknown) =>
  error instanceof Error && (error.name === 'AbortError' || error.name === 'SettingsError');

/** `?backend=wasm` or `?backend=webgpu` in the page's address, for a driver that misbehaves, and for tests. */
export function wantedBackend(): BackendInfo['backend'] | undefined {
  const wanted = new URLSearchParams(location.search).get('backend');
  return wanted === 'wasm' || wanted === 'webgpu' ? wanted : undefined;
}
