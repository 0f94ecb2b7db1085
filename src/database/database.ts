import { type DBSchema, type IDBPDatabase, openDB } from 'idb';

export type { DBSchema } from 'idb';

/**
 * A database of this site in IndexedDB: opened when it is first asked for, and again after it was closed or could not be opened.
 *
 * @param create makes its stores, the first time
 */
export function database<Schema extends DBSchema>(
  name: string,
  create: (db: IDBPDatabase<Schema>) => void,
): () => Promise<IDBPDatabase<Schema>> {
  let opened: Promise<IDBPDatabase<Schema>> | undefined;
  const forget = () => {
    opened = undefined;
  };
  return () => {
    opened ??= openDB<Schema>(name, 1, {
      upgrade: create,
      // The user cleared the site's storage, or a newer version of this page wants to change it.
      terminated: forget,
      blocking(_current, _blocked, event) {
        (event.target as IDBDatabase).close();
        forget();
      },
    });
    opened.catch(forget);
    return opened;
  };
}
