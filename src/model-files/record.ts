/** What is known of a model that the user brought: kept beside its files, shown on the Models page. */

export type ModelState =
  /** Begun, but some file is missing or not whole. */
  | 'partial'
  /** Every file is whole and has the hash it should have. */
  | 'verified'
  /** A file is gone, has changed, or failed its hash. */
  | 'broken';

export interface StoredFile {
  /** In the model's folder, in diffusers' layout; a single-file checkpoint lies at the top. */
  readonly path: string;
  readonly bytes: number;
  /** Of those, how many are here. */
  readonly bytesHere: number;
  readonly where: 'browser' | 'disk';
  /** 64 hex digits, once every byte has been read. */
  readonly sha256?: string;
}

export interface StoredModel {
  readonly id: string;
  readonly title: string;
  readonly state: ModelState;
  /** What is wrong with a broken model and what to do, in a sentence. */
  readonly fault?: string;
  readonly files: readonly StoredFile[];
  /** Milliseconds since 1970. */
  readonly addedAt: number;
  readonly lastUsedAt?: number;
}

/** A model as it is kept in the database: what cannot be found by looking at the files. */
export interface ModelRecord {
  readonly id: string;
  readonly title: string;
  readonly files: readonly FileRecord[];
  readonly addedAt: number;
  readonly lastUsedAt?: number;
}

export interface FileRecord {
  readonly path: string;
  /** The source it came from, as in Source. */
  readonly from: string;
  /** The user's own file, used where it lies; none for one in the browser's storage. */
  readonly handle?: LocalHandle;
  /** Once known. */
  readonly bytes?: number | undefined;
  readonly sha256?: string | undefined;
  /** The file's time when its every byte was last found right; none if that never was, or is no longer so. */
  readonly verifiedTime?: number;
  /** Its bytes were read, and are not those it was added with. */
  readonly broken?: true;
}

/** A FileSystemFileHandle, as far as the pure rooms know of it. */
export interface LocalHandle {
  readonly name: string;
  getFile(): Promise<Blob & { readonly lastModified: number }>;
}

/** What lies where a file of a record should be. */
export type Found =
  | { readonly state: 'whole'; readonly bytes: number; readonly lastModified: number }
  /** On its way, so many bytes of it there. */
  | { readonly state: 'partial'; readonly bytes: number }
  | { readonly state: 'missing' }
  /** A file of the user that may not be looked at before the user allows it again. */
  | { readonly state: 'locked' };

/** A model as the page shows it: its record, and what was found of each of its files. */
export function describeModel(
  { id, title, files, addedAt, lastUsedAt }: ModelRecord,
  found: ReadonlyMap<string, Found>,
): StoredModel {
  const faults = files.flatMap((file) => faultOf(file, found.get(file.path)) ?? []);
  const whole = files.length > 0 && files.every(({ verifiedTime }) => verifiedTime !== undefined);
  return {
    id,
    title,
    state: faults.length > 0 ? 'broken' : whole ? 'verified' : 'partial',
    ...(faults[0] !== undefined && { fault: faults[0] }),
    files: files.map((file) => describeFile(file, found.get(file.path))),
    addedAt,
    ...(lastUsedAt !== undefined && { lastUsedAt }),
  };
}

function describeFile(file: FileRecord, found: Found = { state: 'missing' }): StoredFile {
  const { path, handle, bytes = 0, sha256 } = file;
  const bytesHere = found.state === 'locked' ? bytes : found.state === 'missing' ? 0 : found.bytes;
  const where = handle ? 'disk' : 'browser';
  return { path, bytes, bytesHere, where, ...(sha256 !== undefined && { sha256 }) };
}

/** What is wrong with a file that was whole once; nothing is wrong with one that is still on its way. */
export function faultOf(
  { path, handle, bytes, verifiedTime, broken }: FileRecord,
  found: Found = { state: 'missing' },
): string | undefined {
  const remedy = handle ? 'Put it back as it was and verify the model, or add it again.' : 'Add the model again.';
  if (broken) return `${path} is not what it was when it was added. ${remedy}`;
  if (verifiedTime === undefined || found.state === 'locked') return undefined;
  if (found.state !== 'whole') return `${path} is no longer there. ${remedy}`;
  if (found.bytes !== bytes) return `${path} has ${found.bytes} bytes now, not ${bytes}. ${remedy}`;
  if (found.lastModified === verifiedTime) return undefined;
  return `${path} has been touched since it was verified. Verify the model, and every byte is compared.`;
}
