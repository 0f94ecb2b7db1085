import { hashBlob, type OnTransfer, withFiles } from '../../src/model-files/bring';
import { FileChangedError, NotWholeError } from '../../src/model-files/errors';
import { type FileRecord, faultOf, type ModelRecord } from '../../src/model-files/record';
import { mustAllow } from './add';
import { changeRecord, findRecord } from './database';
import { findFile } from './find';
import { newHasher } from './hash';
import { keptFile } from './kept-file';
import { OpfsFolder } from './opfs';

/** Reads every byte of a model's files that are there, and notes which are what they should be. */
export async function verify(id: string, signal: AbortSignal, onProgress: OnTransfer): Promise<ModelRecord> {
  const { files } = await existing(id);
  const totalBytes = files.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
  let doneBytes = 0;
  for (const file of files) {
    await check(id, file, signal, (done) =>
      onProgress({ path: file.path, doing: 'verifying', doneBytes: doneBytes + done, totalBytes }),
    );
    doneBytes += file.bytes ?? 0;
  }
  return existing(id);
}

/**
 * The files of a model, none of which is other than it was when its every byte was last found right.
 *
 * @throws NotWholeError, FileChangedError or PermissionError
 */
export async function open(
  id: string,
  signal: AbortSignal,
  onProgress: OnTransfer,
): Promise<ReadonlyMap<string, File>> {
  const record = await existing(id);
  const lacking = record.files.filter(({ verifiedTime, broken }) => verifiedTime === undefined && !broken);
  if (record.files.length === 0 || lacking.length > 0) {
    throw new NotWholeError(
      `${record.title} is not whole yet: ${lacking[0]?.path ?? 'every file'} is missing. Add the rest of it first.`,
    );
  }
  const files = new Map<string, File>();
  for (const file of record.files) files.set(file.path, await openFile(id, file, signal, onProgress));
  await changeRecord(id, (now) => ({ ...now, lastUsedAt: Date.now() }));
  return files;
}

async function openFile(id: string, file: FileRecord, signal: AbortSignal, onProgress: OnTransfer): Promise<File> {
  const { path, bytes: totalBytes = 0 } = file;
  const found = await findFile(id, file);
  if (found.state === 'locked') throw mustAllow(path);
  const touched = found.state === 'whole' && found.bytes === file.bytes && found.lastModified !== file.verifiedTime;
  const now = touched
    ? await check(id, file, signal, (doneBytes) => onProgress({ path, doing: 'verifying', doneBytes, totalBytes }))
    : file;
  const fault = faultOf(now, found);
  if (fault) throw new FileChangedError(fault);
  const opened = await currentFile(id, file);
  if (opened && opened.lastModified === now.verifiedTime) return opened;
  throw new FileChangedError(`${path} is being changed by another program. Let it finish, then try again.`);
}

/** Reads one file, and notes whether it is what it should be; leaves one alone that is not there or not to be read. */
async function check(
  id: string,
  file: FileRecord,
  signal: AbortSignal,
  onBytes: (done: number) => void,
): Promise<FileRecord> {
  const blob = await currentFile(id, file);
  if (!blob || file.sha256 === undefined) return file;
  const same = blob.size === file.bytes && (await hashOf(file.path, blob, signal, onBytes)) === file.sha256;
  const { verifiedTime: _, broken: __, ...rest } = file;
  const now: FileRecord = same ? { ...rest, verifiedTime: blob.lastModified } : { ...rest, broken: true };
  await changeRecord(id, (record) => withFiles(record, [now]));
  return now;
}

const hashOf = async (path: string, blob: Blob, signal: AbortSignal, onBytes: (done: number) => void) =>
  hashBlob(path, blob, { hasher: await newHasher(), signal }, onBytes);

/** What lies there now under a file's name, if it may be read. */
async function currentFile(id: string, { path, handle }: FileRecord): Promise<File | undefined> {
  if (handle) {
    const file = await keptFile(handle);
    return typeof file === 'string' ? undefined : file;
  }
  const folder = new OpfsFolder(id);
  return (await folder.stat(path)) && folder.read(path);
}

export async function existing(id: string): Promise<ModelRecord> {
  const record = await findRecord(id);
  if (record) return record;
  throw new NotWholeError(
    'This model is no longer here: its files were deleted, or the site’s storage was cleared. Add it again.',
  );
}
