import { type DBSchema, database } from '../../src/database/database';
import type { Journals } from '../../src/model-files/disk';
import type { ModelRecord } from '../../src/model-files/record';

/** What is known of the models' files, in IndexedDB. */
interface Schema extends DBSchema {
  models: { key: string; value: ModelRecord };
  /** By "<model's id>/<path>". */
  journals: { key: string; value: string };
}

/** A journal that is written must be there after a power cut, as the bytes it speaks of are. */
const STRICT = { durability: 'strict' } as const;

const open = database<Schema>('model-files', (db) => {
  db.createObjectStore('models', { keyPath: 'id' });
  db.createObjectStore('journals');
});

export async function allRecords(): Promise<readonly ModelRecord[]> {
  return (await open()).getAll('models');
}

export async function findRecord(id: string): Promise<ModelRecord | undefined> {
  return (await open()).get('models', id);
}

export async function saveRecord(record: ModelRecord): Promise<void> {
  const transaction = (await open()).transaction('models', 'readwrite', STRICT);
  await Promise.all([transaction.store.put(record), transaction.done]);
}

/** Changes a record as it is now, which another tab may have changed meanwhile; nothing if it is gone. */
export async function changeRecord(id: string, change: (record: ModelRecord) => ModelRecord): Promise<void> {
  const transaction = (await open()).transaction('models', 'readwrite', STRICT);
  const record = await transaction.store.get(id);
  if (record) await transaction.store.put(change(record));
  await transaction.done;
}

/** Deletes what is known of a model. */
export async function forgetModel(id: string): Promise<void> {
  const transaction = (await open()).transaction(['models', 'journals'], 'readwrite', STRICT);
  await Promise.all([
    transaction.objectStore('models').delete(id),
    transaction.objectStore('journals').delete(IDBKeyRange.bound(`${id}/`, `${id}/\uffff`)),
    transaction.done,
  ]);
}

/** The journals of one model's files. */
export const journalsOf = (id: string): Journals => ({
  load: async (path) => (await open()).get('journals', `${id}/${path}`),
  async save(path, text) {
    const transaction = (await open()).transaction('journals', 'readwrite', STRICT);
    await Promise.all([transaction.store.put(text, `${id}/${path}`), transaction.done]);
  },
  async remove(path) {
    const transaction = (await open()).transaction('journals', 'readwrite', STRICT);
    await Promise.all([transaction.store.delete(`${id}/${path}`), transaction.done]);
  },
});
