import { chunksOf } from './blob-source';
import { isQuotaExceeded, type PartFile } from './disk';
import { QuotaError } from './errors';
import { parseJournal } from './journal';
import type { FileRecord, ModelRecord } from './record';
import { sizeText } from './size-text';
import { digestOf, type Item, type Place, transfer } from './transfer';

/** How far a job on model files is. A job may tell it many times a second. */
export interface TransferProgress {
  /** The file in hand, by its path in the model's folder: "unet/config.json". */
  readonly path: string;
  readonly doing: 'downloading' | 'copying' | 'verifying';
  /** Over all files of the job. */
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export type OnTransfer = (progress: TransferProgress) => void;

/** Where records are kept. What was saved survives a crash. */
export type SaveRecord = (record: ModelRecord) => Promise<void>;

/**
 * Brings files to a model's folder and adds them to its record. What is there already, and known to be right, is not
 * brought again. Room for all is taken before the first byte comes, so a model that does not fit is refused at once.
 *
 * @param record of the model, as saved last; files of the same path are replaced
 * @returns the record at the end, every item verified
 * @throws HubError, QuotaError, FileChangedError or the signal's reason; another call goes on from there
 */
export async function bring(
  record: ModelRecord,
  items: readonly Item[],
  place: Place,
  save: SaveRecord,
  onProgress: OnTransfer,
): Promise<ModelRecord> {
  try {
    return await bringAll(record, items, place, save, onProgress);
  } catch (error) {
    if (isQuotaExceeded(error)) throw new QuotaError(`The disk is full, or nearly so. ${FREE_SOME}`);
    throw error;
  }
}

const FREE_SOME = 'Make room: delete models that are not needed, or files on this disk; then try again.';

async function bringAll(
  begun: ModelRecord,
  items: readonly Item[],
  place: Place,
  save: SaveRecord,
  onProgress: OnTransfer,
): Promise<ModelRecord> {
  const missing: Item[] = [];
  for (const item of items) if (!(await isVerified(begun, item, place))) missing.push(item);
  let record = withFiles(begun, missing.map(fileOf));
  await save(record);
  const vouchFor = async (file: FileRecord) => {
    record = withFiles(record, [file]);
    await save(record);
    await place.journals.remove(file.path);
  };

  const left: Item[] = [];
  for (const item of missing) {
    const file = await adopt(item, place);
    if (file) await vouchFor(file);
    else left.push(item);
  }
  await reserve(left, place);
  const tally = new Tally(left, onProgress);
  for (const item of left) await vouchFor(await bringOne(item, place, tally));
  return record;
}

async function bringOne(item: Item, place: Place, tally: Tally): Promise<FileRecord> {
  const { bytes, sha256 } = await transfer(item, place, (done, total) => tally.tell(item, done, total));
  const stat = await place.folder.stat(item.path);
  if (!stat) throw new Error(`${item.path} vanished as soon as it was whole.`);
  return { ...fileOf(item), bytes, sha256, verifiedTime: stat.lastModified };
}

const fileOf = ({ path, source, size, sha256 }: Item): FileRecord => ({ path, from: source.from, bytes: size, sha256 });

/** The record with these files in place of those of the same paths. */
export function withFiles(record: ModelRecord, files: readonly FileRecord[]): ModelRecord {
  const paths = new Set(files.map(({ path }) => path));
  return { ...record, files: [...record.files.filter(({ path }) => !paths.has(path)), ...files] };
}

/** Whether an item is there already: the same file, unchanged since its every byte was found right. */
async function isVerified(record: ModelRecord, { path, source, size, sha256 }: Item, place: Place): Promise<boolean> {
  const file = record.files.find((each) => each.path === path);
  if (!file || file.handle || file.verifiedTime === undefined) return false;
  if (sha256 === undefined ? file.from !== source.from : file.sha256 !== sha256) return false;
  const stat = await place.folder.stat(path);
  return stat?.lastModified === file.verifiedTime && stat.bytes === (size ?? file.bytes);
}

/**
 * A whole file may lie there that no record vouches for: the process died after the last step and before it was noted, or
 * it is an older file. It is taken if its hash is the one it should have, and else deleted.
 */
async function adopt(item: Item, place: Place): Promise<FileRecord | undefined> {
  const { path } = item;
  const stat = await place.folder.stat(path);
  if (!stat) return undefined;
  const journal = parseJournal(await place.journals.load(path));
  const ended = journal?.from === item.source.from && journal.offset === journal.size ? journal : undefined;
  const wanted = item.sha256 ?? (ended && digestOf(place.hasher, ended.hashState));
  const bytes = item.size ?? ended?.size;
  if (wanted !== undefined && stat.bytes === bytes && (await hashOf(path, place)) === wanted) {
    return { ...fileOf(item), bytes, sha256: wanted, verifiedTime: stat.lastModified };
  }
  await place.folder.remove(path);
  return undefined;
}

const hashOf = async (path: string, place: Place) => hashBlob(path, await place.folder.read(path), place, () => {});

/**
 * SHA-256 of a file, read once from end to end.
 *
 * @param onBytes told how many bytes have been read
 * @throws FileChangedError if it cannot be read, or the signal's reason
 */
export async function hashBlob(
  path: string,
  blob: Blob,
  { hasher, signal }: Pick<Place, 'hasher' | 'signal'>,
  onBytes: (done: number) => void,
): Promise<string> {
  hasher.init();
  let done = 0;
  for await (const bytes of chunksOf(path, blob)) {
    hasher.update(bytes);
    done += bytes.length;
    onBytes(done);
    signal.throwIfAborted();
  }
  return hasher.digest();
}

/** Takes the room that the items need. @throws QuotaError that says how much is missing; then nothing new is taken */
async function reserve(items: readonly Item[], { folder }: Place): Promise<void> {
  const taken: string[] = [];
  let needed = 0;
  let found = 0;
  for (const { path, size } of items) {
    if (!size) continue;
    const part = await folder.openPart(path);
    try {
      if (part.size() === size) continue;
      taken.push(path);
      needed += size;
      found += grow(part, size);
    } finally {
      part.close();
    }
  }
  if (found === needed) return;
  for (const path of taken) await folder.removePart(path);
  throw new QuotaError(
    `The model needs ${sizeText(needed)} more, and the browser has room for ${sizeText(found)}: ${sizeText(needed - found)} are missing. ${FREE_SOME}`,
  );
}

/** Makes a part as long as it can be, at most `size`, and returns how long that is, to a megabyte. */
function grow(part: PartFile, size: number): number {
  if (canBe(part, size)) return size;
  let [fits, fails] = [0, size];
  while (fails - fits > 2 ** 20) {
    const middle = Math.floor((fits + fails) / 2);
    if (canBe(part, middle)) fits = middle;
    else fails = middle;
  }
  return fits;
}

function canBe(part: PartFile, size: number): boolean {
  try {
    part.truncate(size);
    return true;
  } catch (error) {
    if (isQuotaExceeded(error)) return false;
    throw error;
  }
}

/** Adds up what has been done over all items. */
class Tally {
  readonly #done = new Map<string, number>();
  readonly #total: Map<string, number>;

  constructor(
    items: readonly Item[],
    readonly onProgress: OnTransfer,
  ) {
    this.#total = new Map(items.map(({ path, size }) => [path, size ?? 0]));
  }

  tell({ path, source }: Item, done: number, total: number): void {
    this.#done.set(path, done);
    this.#total.set(path, total);
    this.onProgress({ path, doing: source.doing, doneBytes: sum(this.#done), totalBytes: sum(this.#total) });
  }
}

const sum = (numbers: ReadonlyMap<string, number>) => [...numbers.values()].reduce((all, each) => all + each, 0);
