import { parseJournal } from '../../src/model-files/journal';
import {
  describeModel,
  type FileRecord,
  type Found,
  type ModelRecord,
  type StoredModel,
} from '../../src/model-files/record';
import { journalsOf } from './database';
import { findKept } from './kept-file';
import { OpfsFolder } from './opfs';

/** A model as it is now: what is known of it, and what lies there. */
export async function lookAt(record: ModelRecord): Promise<StoredModel> {
  const found = record.files.map(async (file) => [file.path, await findFile(record.id, file)] as const);
  return describeModel(record, new Map(await Promise.all(found)));
}

export async function findFile(id: string, { path, handle }: FileRecord): Promise<Found> {
  if (handle) return findKept(handle);
  const folder = new OpfsFolder(id);
  const stat = await folder.stat(path);
  if (stat) return { state: 'whole', ...stat };
  if (!(await folder.hasPart(path))) return { state: 'missing' };
  return { state: 'partial', bytes: parseJournal(await journalsOf(id).load(path))?.offset ?? 0 };
}
