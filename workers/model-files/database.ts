import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
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

let opened: Promise<IDBPDatabase<Schema>> | undefined;

function database(): Promise<IDBPDatabase<Schema>> {
  const forget = () => {
    opened = undefined;
  };
  opened ??= openDB<Schema>('model-files', 1, {
    upgrade(db) {
      db.createObjectStore('models', { keyPath: 'id' });
      db.createObjectStore('journals');
    },
    // The user cleared the site's storage, or a newer version of this page wants to change it.
    terminated: forget,
    blocking(_current, _blocked, event) {
      (event.target as IDBDatabase).close();
      forget();
    },
  });
  opened.catch(forget);
  return opened;
}

export async function allRecords(): Promise<readonly ModelRecord[]> {
  return (await database()).getAll('models');
}

export async function findRecord(id: string): Promise<ModelRecord | undefined> {
  return (await database()).get('models', id);
}

export async function saveRecord(record: ModelRecord): Promise<void> {
  const transaction = (await database()).transaction('models', 'readwrite', STRICT);
  await Promise.all([transaction.store.put(record), transaction.done]);
}

/** Changes a record as it is now, which another tab may have changed meanwhile; nothing if it is gone. */
export async function changeRecord(id: string, change: (record: ModelRecord) => ModelRecord): Promise<void> {
  const transaction = (await database()).transaction('models', 'readwrite', STRICT);
  const record = await transaction.store.get(id);
  if (record) await transaction.store.put(change(record));
  await transaction.done;
}

/** Deletes what is known of a model. */
export async function forgetModel(id: string): Promise<void> {
  const transaction = (await database()).transaction(['models', 'journals'], 'readwrite', STRICT);
  await Promise.all([
    transaction.objectStore('models').delete(id),
    transaction.objectStore('journals').delete(IDBKeyRange.bound(`${id}/`, `${id}/\uffff`)),
    transaction.done,
  ]);
}

/** The journals of one model's files. */
export const journalsOf = (id: string): Journals => ({
  load: async (path) => (await database()).get('journals', `${id}/${path}`),
  async save(path, text) {
    const transaction = (await database()).transaction('journals', 'readwrite', STRICT);
    await Promise.all([transaction.store.put(text, `${id}/${path}`), transaction.done]);
  },
  async remove(path) {
    const transaction = (await database()).transaction('journals', 'readwrite', STRICT);
    await Promise.all([transaction.store.delete(`${id}/${path}`), transaction.done]);
  },
});
