import { proxy, transfer } from 'comlink';
import type { BackendInfo, Frames, InferenceApi, ModelInfo, Progress } from '../../workers/inference/api';
import type { Settings } from '../pipelines/settings';
import type { Picture } from '../processors/picture';
import { findModel } from './models';
import { WorkerHandle } from './worker-handle';

export interface OpenedModel {
  readonly backend: BackendInfo;
  readonly model: ModelInfo;
}

let opened: Promise<OpenedModel> | undefined;

const worker = new WorkerHandle<InferenceApi>(
  () => new Worker(new URL('../../workers/inference/index.ts', import.meta.url), { type: 'module', name: 'inference' }),
  () => {
    opened = undefined;
  },
);

/** Starts the worker and opens the site's model, once for the life of the worker. */
export function openModel(): Promise<OpenedModel> {
  opened ??= findModel()
    .then(({ url }) => worker.call((api) => api.open(url, wantedBackend())))
    .catch((error: Error) => {
      opened = undefined;
      endInference(error);
      throw error;
    });
  return opened;
}

/**
 * Makes one clip; aborting `signal` ends it at its next step. Opens the model first where that has not been done.
 *
 * @param picture its bytes move to the worker and are gone afterwards
 * @throws an error whose `name` tells what happened (see InferenceApi): AbortError when cancelled
 */
export async function generate(
  picture: Picture,
  settings: Settings,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Frames> {
  await openModel();
  signal.throwIfAborted();
  const cancel = () => void worker.call((api) => api.cancel()).catch(() => {});
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await worker.call((api) =>
      api.generate(transfer(picture, [picture.data.buffer]), settings, proxy(onProgress)),
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
function wantedBackend(): BackendInfo['backend'] | undefined {
  const wanted = new URLSearchParams(location.search).get('backend');
  return wanted === 'wasm' || wanted === 'webgpu' ? wanted : undefined;
}
