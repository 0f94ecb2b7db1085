import {
  deleteModel,
  downloadModel,
  importFiles,
  listHub,
  listModels,
  modelHandles,
  openModelFiles,
  verifyModel,
} from '../../src/clients/model-files';
import type { DownloadRequest, HubRequest, ImportRequest, TransferProgress } from '../../workers/model-files/api';

/**
 * Model files without the app around them: the page's own client, and what a test needs to look behind it. Every job tells
 * its progress to `told`, and `stop` cancels it.
 */

let told: TransferProgress[] = [];
let controller = new AbortController();

const note = (progress: TransferProgress) => void told.push(progress);

function begin(): AbortSignal {
  told = [];
  controller = new AbortController();
  return controller.signal;
}

/** Files in the browser's storage beside the models: they stand for files on the user's disk. */
async function ownFile(name: string): Promise<FileSystemFileHandle> {
  const root = await navigator.storage.getDirectory();
  return root.getFileHandle(name, { create: true });
}

async function stored(id: string, path: string): Promise<FileSystemFileHandle> {
  const names = ['models', id, ...path.split('/')];
  const name = names.pop() as string;
  let folder = await navigator.storage.getDirectory();
  for (const each of names) folder = await folder.getDirectoryHandle(each);
  return folder.getFileHandle(name);
}

async function writeOwn(name: string, bytes: number, fill: number): Promise<void> {
  const writable = await (await ownFile(name)).createWritable();
  await writable.write(new Uint8Array(bytes).fill(fill));
  await writable.close();
}

/** Hashes in hex of the files of a model, as the page gets them. */
async function openHashes(id: string): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const [path, file] of await openModelFiles(id, note, begin())) {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()));
    hashes[path] = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }
  return hashes;
}

/** Handles of files of the disk come by drag and drop, which needs no window of the system's. */
const dropped: (Promise<FileSystemHandle | null> | undefined)[] = [];
document.addEventListener('dragover', (event) => event.preventDefault());
document.addEventListener('drop', (event) => {
  event.preventDefault();
  for (const item of event.dataTransfer?.items ?? []) dropped.push(item.getAsFileSystemHandle?.());
});

const modelFilesPageApi = {
  listModels,
  listHub,
  deleteModel,
  writeOwn,
  openHashes,
  download: (request: DownloadRequest) => downloadModel(request, note, begin()),
  async downloadAll(hub: HubRequest, id = 'svd') {
    const files = await listHub(hub);
    const request = { id, title: 'Tiny SVD', files, ...(hub.token && { token: hub.token }) };
    return downloadModel(request, note, begin());
  },
  import: (request: ImportRequest) => importFiles(request, note, begin()),
  /** Copies a file of these bytes in. */
  importBytes: (id: string, path: string, bytes: number) =>
    importFiles(
      {
        id,
        title: 'Mine',
        files: [{ path, source: new File([new Uint8Array(bytes).fill(5)], 'x', { lastModified: 7 }) }],
      },
      note,
      begin(),
    ),
  /** Copies a file of these bytes in, in place of others. */
  importInstead: (id: string, path: string, replaces: readonly string[]) =>
    importFiles({ id, title: 'Mine', files: [{ path, source: new File(['new'], 'new') }], replaces }, note, begin()),
  /** Uses a file where it lies. */
  importOwn: async (id: string, path: string, name: string) =>
    importFiles({ id, title: 'Mine', files: [{ path, source: await ownFile(name) }] }, note, begin()),
  /** Uses the file that was dropped last where it lies. */
  importDropped: async (id: string, path: string) => {
    const source = (await dropped.at(-1)) as FileSystemFileHandle;
    return importFiles({ id, title: 'Mine', files: [{ path, source }] }, note, begin());
  },
  verify: (id: string) => verifyModel(id, note, begin()),
  stop: () => controller.abort(),
  doneBytes: () => told.at(-1)?.doneBytes ?? 0,
  told: () => told,
  handleNames: async (id: string) => (await modelHandles(id)).map(({ name }) => name),
  async removeOwn(name: string) {
    await (await navigator.storage.getDirectory()).removeEntry(name);
  },
  /** Changes one bit behind the worker's back. */
  async flipBit(id: string, path: string, at: number) {
    const handle = await stored(id, path);
    const bytes = new Uint8Array(await (await handle.getFile()).slice(at, at + 1).arrayBuffer());
    const writable = await handle.createWritable({ keepExistingData: true });
    await writable.write({ type: 'write', position: at, data: Uint8Array.of((bytes[0] as number) ^ 1) });
    await writable.close();
  },
};

/** What a promise rejects with, as a test can have it. */
async function failure(job: Promise<unknown>): Promise<{ name: string; message: string }> {
  return job.then(
    () => ({ name: 'none', message: '' }),
    ({ name, message }: Error) => ({ name, message }),
  );
}

const pageApi = { ...modelFilesPageApi, failure };
declare global {
  var modelFilesPage: typeof pageApi;
}
globalThis.modelFilesPage = pageApi;
