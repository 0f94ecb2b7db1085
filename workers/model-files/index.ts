import { expose } from 'comlink';
import type { OnTransfer, TransferProgress } from '../../src/model-files/bring';
import { checkId } from '../../src/model-files/names';
import { download, importFiles } from './add';
import type { ModelFilesApi } from './api';
import { existing, open, verify } from './check';
import { allRecords, findRecord, forgetModel } from './database';
import { lookAt } from './find';
import { listHub } from './hub-list';
import { alone, cancelJobs, run, runAlone } from './job';
import { fileHandle } from './kept-file';
import { removeFolder, storedIds } from './opfs';

const api: ModelFilesApi = {
  async list() {
    const records = await allRecords();
    await removeOrphans(new Set(records.map(({ id }) => id)));
    return Promise.all(records.map(lookAt));
  },

  listHub,

  download: (request, onProgress) =>
    runAlone(request.id, async (signal) => lookAt(await download(request, signal, calmly(onProgress)))),

  import: (request, onProgress) =>
    runAlone(request.id, async (signal) => lookAt(await importFiles(request, signal, calmly(onProgress)))),

  verify: (id, onProgress) => runAlone(id, async (signal) => lookAt(await verify(id, signal, calmly(onProgress)))),

  cancel: cancelJobs,

  async delete(id) {
    checkId(id);
    await cancelJobs(id);
    await alone(id, async () => {
      await removeFolder(id);
      await forgetModel(id);
    });
  },

  async handles(id) {
    return (await existing(id)).files.flatMap(({ handle }) => (handle ? [fileHandle(handle)] : []));
  },

  open: (id, onProgress) => run(id, (signal) => open(id, signal, calmly(onProgress))),
};

/** Folders of which nothing is known, left by a deletion that was cut short: gigabytes that nobody could reach. */
async function removeOrphans(known: ReadonlySet<string>): Promise<void> {
  const orphans = (await storedIds()).filter((id) => !known.has(id));
  for (const id of orphans) await alone(id, () => removeOrphan(id)).catch(() => {});
}

/** Looks again, now that nobody else is at work on it: it may have been added a moment ago. */
async function removeOrphan(id: string): Promise<void> {
  if (!(await findRecord(id))) await removeFolder(id);
}

const CALM_MS = 100;

/** Progress at a pace that a page can follow. The last of it is told too, if late: a transfer may stop in the middle. */
function calmly(onProgress: OnTransfer): OnTransfer {
  let latest: TransferProgress | undefined;
  return (progress) => {
    if (!latest) setTimeout(tell, CALM_MS);
    latest = progress;
  };

  function tell(): void {
    if (latest) onProgress(latest);
    latest = undefined;
  }
}

expose(api);
