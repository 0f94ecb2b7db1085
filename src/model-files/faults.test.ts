import fc from 'fast-check';
import { createSHA256, sha256 } from 'hash-wasm';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type DiskFate, Killed, SimulatedDisk } from '../../reference/simulated-disk';
import { NETWORK_FAULTS, type NetworkFault, SimulatedHub } from '../../reference/simulated-hub';
import { SimulatedTime } from '../../reference/simulated-time';
import { VirtualBlob } from '../safetensors/virtual-blob';
import { blobSource } from './blob-source';
import { bring } from './bring';
import type { Hasher } from './disk';
import { httpSource } from './http-source';
import { PART } from './names';
import type { ModelRecord } from './record';
import type { Item } from './transfer';

/**
 * A model brought over a network, to a disk and in a process that all fail. Whatever happens, what a record calls verified
 * is there to the byte, or the user is told in a sentence; and the next try succeeds.
 */

const JOURNAL_EVERY = 8_000;
vi.setConfig({ testTimeout: 60_000 });
/** A few files as a model has them: small, large, empty. */
const SIZES: Readonly<Record<string, number>> = {
  'unet/config.json': 700,
  'unet/weights.safetensors': 60_000,
  'vae/weights.safetensors': 23_999,
  'vae/nothing.json': 0,
};

const tally = { faults: 0, kills: 0, quota: 0 };
let hasher: Hasher;
/** What the host has at first, by address. */
const published = new Map<string, { readonly bytes: Uint8Array; readonly sha256: string }>();
beforeAll(async () => {
  hasher = await createSHA256();
  const random = mulberry32(0);
  for (const [path, length] of Object.entries(SIZES)) {
    const bytes = Uint8Array.from({ length }, () => random() * 256);
    published.set(addressOf(path), { bytes, sha256: await sha256(bytes) });
  }
});
afterAll(() => {
  console.info(`${tally.faults} network faults, ${tally.kills} kills, ${tally.quota} full disks`);
});

test('each fault of a network alone ends in a verified model, or in a sentence and a verified model next time', async () => {
  for (const fault of NETWORK_FAULTS) {
    for (let seed = 1; seed <= 6; seed++) {
      const world = new World(seed);
      const quiet = Math.floor(world.random() * 3);
      await world.meet([...Array<undefined>(quiet), fault]);
      await world.endsWell();
    }
  }
});

test('any number of faults in any order ends so', async () => {
  const run = fc.asyncProperty(
    fc.nat(),
    fc.array(fc.constantFrom(undefined, ...NETWORK_FAULTS), { minLength: 2, maxLength: 14 }),
    async (seed, faults) => {
      const world = new World(seed);
      await world.meet(faults);
      await world.endsWell();
    },
  );
  await fc.assert(run, { numRuns: 80, seed: 7 });
});

test('a host without a list of files gives no hashes, and faults end so all the same', async () => {
  for (let seed = 1; seed <= 63; seed++) {
    const world = new World(seed, { listed: false });
    const fault = NETWORK_FAULTS[seed % NETWORK_FAULTS.length] as NetworkFault;
    // Without a hash nobody can tell a flipped bit.
    if (fault === 'flipped bit') continue;
    await world.meet([undefined, fault, 'dropped', fault]);
    await world.endsWell();
  }
});

test('a process killed at any step goes on where it was, and fetches no more than one journal’s worth again', async () => {
  const steps = await new World(1).stepsOfADownload();
  expect(steps).toBeGreaterThan(90);
  for (let killAt = 1; killAt <= steps; killAt++) {
    const world = new World(1000 + killAt);
    await world.lifeEndsAt({ killAt });
    const longestChunk = 3000;
    await world.endsWell();
    expect(world.hub.sent).toBeLessThanOrEqual(world.wholeSize + JOURNAL_EVERY + longestChunk);
  }
});

test('a process killed again and again, over a network that fails, gets there', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const world = new World(seed);
    for (let life = 0; life < 6; life++) {
      world.hub.faults = Array.from({ length: 3 }, () => pick(world.random, PASSING));
      await world.lifeEndsAt({ killAt: 1 + Math.floor(world.random() * 60) });
    }
    await world.endsWell();
  }
});

test('an import that is killed at any step is never half there, and the next one is whole', async () => {
  const steps = await new World(2, { local: true }).stepsOfADownload();
  for (let killAt = 1; killAt <= steps; killAt++) {
    const world = new World(5000 + killAt, { local: true });
    await world.lifeEndsAt({ killAt });
    await world.endsWell();
  }
});

test('a disk that is full from any write of an import on is told, and the import succeeds once there is room', async () => {
  const steps = await new World(3, { local: true }).stepsOfADownload();
  for (let fullAt = 1; fullAt <= steps; fullAt++) {
    const world = new World(9000 + fullAt, { local: true });
    world.disk.live({ fullAt });
    const error = await world.attempt();
    if (error) expect(error.name).toBe('QuotaError');
    if (error) tally.quota++;
    await world.endsWell();
  }
});

test('a model that does not fit is refused before its first byte, with how much is missing', async () => {
  const world = new World(4);
  world.disk.live({ room: 20_000 });
  const error = await world.attempt();
  expect(error).toMatchObject({
    name: 'QuotaError',
    message: expect.stringMatching(
      /^The model needs 1 MB more, and the browser has room for \d MB: 1 MB are missing\. /,
    ),
  });
  expect(world.hub.requests).toBe(0);
  expect(world.disk.paths).toEqual([]);
  await world.endsWell();
});

test('a bit that flips in a part while nobody looks costs that file, and never goes unseen', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const world = new World(seed);
    await world.lifeEndsAt({ killAt: 20 + seed });
    const part = world.disk.paths.find((path) => path.endsWith(PART) && (world.disk.bytes(path)?.length ?? 0) > 0);
    if (part) world.disk.flip(part, Math.floor(world.random() * (world.disk.bytes(part)?.length ?? 1)));
    await world.endsWell();
  }
});

const PASSING: readonly NetworkFault[] = ['dropped', 'stalled', 'ended early', 'no answer', 'busy', 'link expired'];

const pick = <T>(random: () => number, from: readonly T[]) => from[Math.floor(random() * from.length)] as T;

/** A host, a disk and a model. */
class World {
  readonly random: () => number;
  readonly hub: SimulatedHub;
  readonly disk: SimulatedDisk;
  readonly wholeSize = Object.values(SIZES).reduce((a, b) => a + b);
  readonly #time = new SimulatedTime();
  readonly #listed: boolean;
  readonly #local: boolean;

  constructor(seed: number, { listed = true, local = false } = {}) {
    this.random = mulberry32(seed);
    this.#listed = listed;
    this.#local = local;
    this.hub = new SimulatedHub(firstFiles(), this.random);
    this.disk = new SimulatedDisk(this.random);
  }

  /** One try under these faults, which may fail if it says why. */
  async meet(faults: readonly (NetworkFault | undefined)[]): Promise<void> {
    tally.faults += faults.filter(Boolean).length;
    this.hub.faults = [...faults];
    this.disk.live({});
    const error = await this.attempt();
    if (error) expect(error.name, error.stack ?? '').toBe('HubError');
    if (!error) this.#expectWhole();
  }

  async lifeEndsAt(fate: DiskFate): Promise<void> {
    this.disk.live(fate);
    await this.attempt();
    this.disk.crash();
    tally.kills++;
    this.#expectNothingWrong();
  }

  async stepsOfADownload(): Promise<number> {
    this.disk.live({});
    await this.attempt();
    this.#expectWhole();
    return this.disk.steps;
  }

  /** With nothing in its way any more, the next try succeeds. */
  async endsWell(): Promise<void> {
    this.#expectNothingWrong();
    // Where hashes are pinned, the host must have those files again; else what it has now will do.
    this.hub.restore(this.#listed ? firstFiles() : new Map());
    this.disk.live({});
    const error = await this.attempt();
    expect(error?.stack).toBeUndefined();
    this.#expectWhole();
    this.disk.crash();
    this.#expectWhole();
  }

  /** Tries to bring the model; returns what it was told where that failed. */
  async attempt(): Promise<Error | undefined> {
    const items = Object.keys(SIZES).map((path) => this.#item(path));
    const { disk } = this;
    const place = {
      folder: disk,
      journals: disk.journals,
      hasher,
      clock: this.#time,
      signal: new AbortController().signal,
      journalEvery: JOURNAL_EVERY,
    };
    try {
      await bring(disk.record ?? NEW, items, place, disk.saveRecord, () => {});
      return undefined;
    } catch (error) {
      if (!(error instanceof Killed)) expect((error as Error).message).toMatch(/^[A-Z"a-z].*[^.]\.$/s);
      return error as Error;
    }
  }

  #item(path: string): Item {
    const url = addressOf(path);
    const { bytes: first, sha256 } = publishedAt(url);
    if (this.#local) {
      const blob = new VirtualBlob(first.length, async (begin, end) => new Uint8Array(first.slice(begin, end)));
      return { path, source: blobSource(path, blob, `file:${path}:${first.length}`), size: first.length };
    }
    const known = this.#listed ? { size: first.length, sha256 } : {};
    return { path, source: httpSource({ path, url, ...known }, this.hub.fetch, this.#time), ...known };
  }

  #expectWhole(): void {
    expect(this.disk.paths.filter((path) => path.endsWith(PART))).toEqual([]);
    expect(this.disk.record?.files.map(({ path }) => path).sort()).toEqual(Object.keys(SIZES).sort());
    for (const file of this.disk.record?.files ?? []) expect(file.verifiedTime, file.path).toBeDefined();
    this.#expectNothingWrong();
  }

  /** What the record calls verified is there, and is what the host has or had. */
  #expectNothingWrong(): void {
    for (const { path, verifiedTime } of this.disk.record?.files ?? []) {
      const bytes = this.disk.bytes(path);
      if (verifiedTime === undefined || bytes === undefined) continue;
      const url = addressOf(path);
      const first = publishedAt(url).bytes;
      const versions = this.#listed ? [first] : [first, this.hub.files.get(url)];
      const right = versions.some((version) => version && Buffer.compare(version, bytes) === 0);
      expect(right, `${path} is called verified, and is not what the host has`).toBe(true);
    }
  }
}

const NEW: ModelRecord = { id: 'svd', title: 'SVD', files: [], addedAt: 0 };

const firstFiles = () => new Map([...published].map(([url, { bytes }]) => [url, bytes]));

const publishedAt = (url: string) => published.get(url) as { bytes: Uint8Array; sha256: string };

const addressOf = (path: string) => `https://hub.example/svd/resolve/main/${path}`;

/** Numbers from 0 to 1, the same for the same seed. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
