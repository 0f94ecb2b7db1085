import { proxy, type Remote } from 'comlink';
import type {
  DownloadRequest,
  HubRequest,
  ImportRequest,
  ModelFilesApi,
  OnTransfer,
  RemoteFile,
} from '../../workers/model-files/api';
import type { StoredModel } from '../model-files/record';
import { WorkerHandle } from './worker-handle';

/** Models that users bring, at rest. The names of errors are ModelFilesApi's. */

const worker = new WorkerHandle<ModelFilesApi>(
  () =>
    new Worker(new URL('../../workers/model-files/index.ts', import.meta.url), { type: 'module', name: 'model-files' }),
);

/** Every model that was begun, with its state as found on disk. */
export const listModels = (): Promise<readonly StoredModel[]> => worker.call((api) => api.list());

/** The wanted files of a repository: what `downloadModel` asks for. */
export const listHub = (request: HubRequest): Promise<readonly RemoteFile[]> =>
  worker.call((api) => api.listHub(request));

/** Fetches what is missing of a model; aborting `signal` ends it, and a later call goes on from there. */
export function downloadModel(
  request: DownloadRequest,
  onProgress: OnTransfer,
  signal: AbortSignal,
): Promise<StoredModel> {
  askToKeep();
  return cancellable(request.id, signal, (api) => api.download(request, proxy(onProgress)));
}

/** Takes files of this machine in: Files are copied, handles are kept and their files read where they lie. */
export function importFiles(request: ImportRequest, onProgress: OnTransfer, signal: AbortSignal): Promise<StoredModel> {
  askToKeep();
  return cancellable(request.id, signal, (api) => api.import(request, proxy(onProgress)));
}

/** Reads every byte of a model again. Resolves with what was found; a model that is broken is no error. */
export function verifyModel(id: string, onProgress: OnTransfer, signal: AbortSignal): Promise<StoredModel> {
  return cancellable(id, signal, (api) => api.verify(id, proxy(onProgress)));
}

/** Deletes a model's copies and forgets its handles; files that lie where the user has them stay. */
export const deleteModel = (id: string): Promise<void> => worker.call((api) => api.delete(id));

/** The kept handles of a model: call `requestPermission` on each in a click, after a PermissionError. */
export const modelHandles = (id: string): Promise<readonly FileSystemFileHandle[]> =>
  worker.call((api) => api.handles(id));

/** The files of a verified model by their paths: to run it, or to save it elsewhere. */
export function openModelFiles(
  id: string,
  onProgress: OnTransfer,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, File>> {
  return cancellable(id, signal, (api) => api.open(id, proxy(onProgress)));
}

async function cancellable<T>(
  id: string,
  signal: AbortSignal,
  job: (api: Remote<ModelFilesApi>) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const cancel = () => void worker.call((api) => api.cancel(id)).catch(() => {});
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await worker.call(job);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** A browser short of space deletes storage that it was not asked to keep. A refusal changes nothing else. */
function askToKeep(): void {
  navigator.storage.persist().catch(() => {});
}
