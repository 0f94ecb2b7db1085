import { blobSource } from '../../src/model-files/blob-source';
import { bring, hashBlob, type OnTransfer, withFiles } from '../../src/model-files/bring';
import { FileChangedError, NameError, PermissionError } from '../../src/model-files/errors';
import { httpSource } from '../../src/model-files/http-source';
import { checkId, checkPath } from '../../src/model-files/names';
import type { FileRecord, ModelRecord } from '../../src/model-files/record';
import { type Item, JOURNAL_EVERY_BYTES, type Place } from '../../src/model-files/transfer';
import type { DownloadRequest, ImportRequest } from './api';
import { findRecord, journalsOf, saveRecord } from './database';
import { fetchUntil } from './fetch';
import { newHasher } from './hash';
import { fileHandle, keptFile } from './kept-file';
import { OpfsFolder } from './opfs';
import { systemClock } from './system-clock';

/** Adds what a download asks for to its model. */
export async function download(
  request: DownloadRequest,
  signal: AbortSignal,
  onProgress: OnTransfer,
): Promise<ModelRecord> {
  checkNames(request);
  const place = await placeOf(request.id, signal);
  const fetch = fetchUntil(signal);
  const remote = request.files.map((file): Item => {
    const { path, url, size, sha256 } = file;
    const asked = { path, url, ...(size !== undefined && { size }), ...(request.token && { token: request.token }) };
    return { path, source: httpSource(asked, fetch, systemClock), size, sha256 };
  });
  const items = [...(await textItems(request.texts, place)), ...remote];
  return withoutReplaced(await bring(await recordOf(request), items, place, saveRecord, onProgress), request, place);
}

/** Adds the files of an import to their model: copies first, then those that stay where they lie. */
export async function importFiles(
  request: ImportRequest,
  signal: AbortSignal,
  onProgress: OnTransfer,
): Promise<ModelRecord> {
  checkNames(request);
  const place = await placeOf(request.id, signal);
  const copies = await textItems(request.texts, place);
  const kept: { readonly path: string; readonly handle: FileSystemFileHandle; readonly file: File }[] = [];
  for (const { path, source } of request.files) {
    if (source instanceof File) copies.push(copyItem(path, source));
    else kept.push({ path, handle: source, file: await readable(path, source) });
  }
  const copyBytes = copies.reduce((sum, { size = 0 }) => sum + size, 0);
  const totalBytes = kept.reduce((sum, { file }) => sum + file.size, copyBytes);

  let record = await bring(await recordOf(request), copies, place, saveRecord, (progress) =>
    onProgress({ ...progress, totalBytes }),
  );
  let doneBytes = copyBytes;
  for (const { path, handle, file } of kept) {
    const tell = (done: number) => onProgress({ path, doing: 'verifying', doneBytes: doneBytes + done, totalBytes });
    record = await keep(record, { path, handle, file }, place, tell);
    doneBytes += file.size;
  }
  return withoutReplaced(record, request, place);
}

/** Lets go of the files whose place has been taken; copies are deleted, the user's own stay where they lie. */
async function withoutReplaced(
  record: ModelRecord,
  { files, texts = {}, replaces = [] }: DownloadRequest | ImportRequest,
  { folder, journals }: Place,
): Promise<ModelRecord> {
  const added = new Set([...files.map(({ path }) => path), ...Object.keys(texts)]);
  const gone = new Set(replaces.filter((path) => !added.has(path)));
  if (gone.size === 0) return record;
  const next = { ...record, files: record.files.filter(({ path }) => !gone.has(path)) };
  await saveRecord(next);
  for (const path of gone) {
    await folder.remove(path);
    await folder.removePart(path);
    await journals.remove(path);
  }
  return next;
}

/** Reads a file where it lies, and notes what it is. */
async function keep(
  record: ModelRecord,
  { path, handle, file }: { path: string; handle: FileSystemFileHandle; file: File },
  place: Place,
  onBytes: (done: number) => void,
): Promise<ModelRecord> {
  const from = fromFile(file);
  if (await isKept(record, path, handle, file)) return record;
  const sha256 = await hashBlob(path, file, place, onBytes);
  const kept: FileRecord = { path, from, handle, bytes: file.size, sha256, verifiedTime: file.lastModified };
  const next = withFiles(record, [kept]);
  await saveRecord(next);
  await place.folder.remove(path);
  await place.folder.removePart(path);
  await place.journals.remove(path);
  return next;
}

/** Whether that very file is in the record already, and untouched since it was read. */
async function isKept(record: ModelRecord, path: string, handle: FileSystemFileHandle, file: File): Promise<boolean> {
  const old = record.files.find((each) => each.path === path);
  if (!old?.handle || old.from !== fromFile(file) || old.verifiedTime !== file.lastModified) return false;
  return handle.isSameEntry(fileHandle(old.handle));
}

async function readable(path: string, handle: FileSystemFileHandle): Promise<File> {
  const file = await keptFile(handle);
  if (file === 'locked') throw mustAllow(path);
  if (file === 'missing') throw new FileChangedError(`${path} is no longer there. Choose it again.`);
  return file;
}

export const mustAllow = (path: string) =>
  new PermissionError(`The browser asks you again before this page may read ${path}. Allow it, then try again.`);

const copyItem = (path: string, file: File): Item => ({
  path,
  source: blobSource(path, file, fromFile(file)),
  size: file.size,
});

const fromFile = ({ name, size, lastModified }: File) => `file:${name}:${size}:${lastModified}`;

async function textItems(texts: Readonly<Record<string, string>> = {}, { hasher, signal }: Place): Promise<Item[]> {
  const items: Item[] = [];
  for (const [path, text] of Object.entries(texts)) {
    const blob = new Blob([text]);
    const sha256 = await hashBlob(path, blob, { hasher, signal }, () => {});
    items.push({ path, source: blobSource(path, blob, `text:${sha256}`), size: blob.size, sha256 });
  }
  return items;
}

async function recordOf({ id, title }: { id: string; title: string }): Promise<ModelRecord> {
  return { ...((await findRecord(id)) ?? { id, files: [], addedAt: Date.now() }), title };
}

async function placeOf(id: string, signal: AbortSignal): Promise<Place> {
  return {
    folder: new OpfsFolder(id),
    journals: journalsOf(id),
    hasher: await newHasher(),
    clock: systemClock,
    signal,
    journalEvery: JOURNAL_EVERY_BYTES,
  };
}

/** Two files of one path, or a file and a folder of one name, cannot both lie there. */
function checkNames({ id, files, texts = {} }: DownloadRequest | ImportRequest): void {
  checkId(id);
  const paths = [...files.map(({ path }) => path), ...Object.keys(texts)];
  for (const path of paths) {
    checkPath(path);
    const clash = paths.find((other) => other.startsWith(`${path}/`));
    if (clash) throw new NameError(`"${path}" and "${clash}" cannot both be in a model's folder.`);
  }
  const twice = paths.find((path, i) => paths.indexOf(path) !== i);
  if (twice) throw new NameError(`"${twice}" is given twice. Choose one of the two files.`);
}
