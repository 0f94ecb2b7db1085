import { DEFAULT_MIRROR, type Jobs, type Keys, type Meter, type MirrorSettings } from '../api/deps';
import { randomHex } from '../api/ids';
import type { Job } from '../api/job';
import { type DBSchema, database } from '../database/database';

/** A key that the user gave themself, to put into clients. */
export interface ApiKey {
  readonly id: string;
  readonly secret: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

interface Sums {
  /** Dollars that finished clips would have cost. */
  readonly saved: number;
  /** Dollars left of the pretend balance; null where none is kept. */
  readonly balance: number | null;
}

/** What the REST APIs remember, in IndexedDB: it outlives the page. */
interface Schema extends DBSchema {
  jobs: { key: string; value: Job };
  keys: { key: string; value: ApiKey; indexes: { secret: string } };
  /** One of each, under its own name. */
  meter: { key: 'meter'; value: Sums };
  mirror: { key: 'mirror'; value: Partial<MirrorSettings> };
}

const NOTHING_YET: Sums = { saved: 0, balance: null };

const open = database<Schema>('api', (db) => {
  db.createObjectStore('jobs', { keyPath: 'id' });
  db.createObjectStore('keys', { keyPath: 'id' }).createIndex('secret', 'secret');
  db.createObjectStore('meter');
  db.createObjectStore('mirror');
});

export const jobRecords: Jobs = {
  async put(job) {
    await (await open()).put('jobs', job);
  },
  async get(id) {
    return (await open()).get('jobs', id);
  },
  async list() {
    return (await open()).getAll('jobs');
  },
  async delete(id) {
    await (await open()).delete('jobs', id);
  },
};

export const keyRecords: Keys = {
  async find(secret) {
    return (await (await open()).getFromIndex('keys', 'secret', secret))?.id;
  },
};

/** The user's key; the first time it is made. */
export async function firstKey(): Promise<ApiKey> {
  const transaction = (await open()).transaction('keys', 'readwrite');
  // Two tabs that start together find one key: the second's transaction waits for the first's.
  const key = (await transaction.store.getAll(null, 1))[0] ?? { ...drawKey(), id: 'first' };
  await transaction.store.put(key);
  await transaction.done;
  return key;
}

/** Gives a key another secret. The old one is refused from now on; clips made with it are the new one's. */
export async function renewKey({ id }: ApiKey): Promise<ApiKey> {
  const key = { ...drawKey(), id };
  await (await open()).put('keys', key);
  return key;
}

function drawKey() {
  const secret = `sk-stillmotion-${randomHex((count) => crypto.getRandomValues(new Uint8Array(count)), 24)}`;
  return { secret, createdAt: Date.now() };
}

export const meterRecord: Meter = {
  async balance() {
    return ((await (await open()).get('meter', 'meter')) ?? NOTHING_YET).balance;
  },
  async charge(dollars) {
    const transaction = (await open()).transaction('meter', 'readwrite');
    const { saved, balance } = (await transaction.store.get('meter')) ?? NOTHING_YET;
    const left = balance === null ? null : Math.max(0, balance - dollars);
    await transaction.store.put({ saved: saved + dollars, balance: left }, 'meter');
    await transaction.done;
  },
};

/** What was never chosen is as by default, and so is what a later version of the app adds. */
export async function readMirror(): Promise<MirrorSettings> {
  return { ...DEFAULT_MIRROR, ...(await (await open()).get('mirror', 'mirror')) };
}
