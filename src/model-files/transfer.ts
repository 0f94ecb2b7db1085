import { type Clock, pause, within } from './clock';
import { type Hasher, isQuotaExceeded, type Journals, type ModelFolder, type PartFile } from './disk';
import { HubError, QuotaError } from './errors';
import { type Journal, journalText, parseJournal } from './journal';
import { Patience } from './patience';
import { sizeText } from './size-text';
import { type Arrival, PassingFault, type Source } from './source';

/** How much may have to be fetched twice, in bytes. */
export const JOURNAL_EVERY_BYTES = 16_000_000;

/** A connection over which nothing comes for so long is dead. */
const STALL_MS = 30_000;

/** Read at a time of what is there already. */
const READ_BYTES = 8 * 2 ** 20;

/** Where a model's files lie, and what it takes to bring one there. */
export interface Place {
  readonly folder: ModelFolder;
  readonly journals: Journals;
  readonly hasher: Hasher;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Bytes between two journals. */
  readonly journalEvery: number;
}

/** One file to be brought. */
export interface Item {
  readonly path: string;
  readonly source: Source;
  /** Bytes and SHA-256, where they are known beforehand; what arrives must match. */
  readonly size?: number | undefined;
  readonly sha256?: string | undefined;
}

/**
 * Brings one file from its source to its place. It grows as a part; every so often what is there is flushed, and then
 * journalled, so a process that dies loses at most `journalEvery` bytes. Only when it is whole and has the hash it should
 * have does it get its name.
 *
 * @param onBytes told how many bytes are there, and of how many
 * @returns its bytes and its SHA-256
 * @throws HubError, QuotaError, FileChangedError or the signal's reason; what has arrived is kept, unless it is wrong
 */
export async function transfer(
  item: Item,
  place: Place,
  onBytes: (done: number, total: number) => void,
): Promise<{ bytes: number; sha256: string }> {
  const part = await place.folder.openPart(item.path);
  const growing = new GrowingFile(item, place, part, onBytes);
  try {
    await growing.resume();
    await growing.fetch();
    await growing.note();
  } catch (error) {
    // The journal of a moment ago is there as well, so this one may fail.
    await growing.note().catch(() => {});
    throw isQuotaExceeded(error) ? growing.noRoom() : error;
  } finally {
    part.close();
  }
  const sha256 = place.hasher.digest();
  if (item.sha256 !== undefined && item.sha256 !== sha256) {
    await place.journals.remove(item.path);
    await place.folder.removePart(item.path);
    throw wrongHash(item, sha256);
  }
  await place.folder.finishPart(item.path);
  return { bytes: growing.offset, sha256 };
}

/** The hash of what a state has seen; undefined if it is no state. */
export function digestOf(hasher: Hasher, state: Uint8Array): string | undefined {
  try {
    hasher.load(state);
    return hasher.digest();
  } catch {
    return undefined;
  }
}

const wrongHash = ({ path, sha256 }: Item, found: string) =>
  new HubError(
    `${path} arrived damaged: its SHA-256 is ${found}, not ${sha256}. It was deleted; try again. If that happens twice, the host has another file than it says.`,
  );

/** A part and all that is known of it. */
class GrowingFile {
  /** Bytes that are on disk and in the hash. */
  offset = 0;
  #size: number | undefined;
  #etag: string | undefined;
  #journalled = 0;

  constructor(
    readonly item: Item,
    readonly place: Place,
    readonly part: PartFile,
    readonly onBytes: (done: number, total: number) => void,
  ) {
    this.#size = item.size;
  }

  /** Goes on from the journal, where there is one that can be relied upon; begins anew else. */
  async resume(): Promise<void> {
    const { item, place } = this;
    const journal = parseJournal(await place.journals.load(item.path));
    if (!journal || !(await this.#holds(journal))) return this.#beginAnew();
    place.hasher.load(journal.hashState);
    this.offset = this.#journalled = journal.offset;
    this.#size = journal.size;
    this.#etag = journal.etag;
  }

  /** Whether a journal speaks of this item, and the part holds to the byte what it says. A disk may have lost or changed it. */
  async #holds({ from, size, offset, hashState }: Journal): Promise<boolean> {
    const { item, place, part } = this;
    if (from !== item.source.from || size !== (item.size ?? size) || size !== part.size()) return false;
    const told = digestOf(place.hasher, hashState);
    place.hasher.init();
    const buffer = new Uint8Array(Math.min(READ_BYTES, offset));
    for (let at = 0; at < offset; at += buffer.length) {
      place.signal.throwIfAborted();
      const piece = buffer.subarray(0, offset - at);
      if (part.read(piece, at) !== piece.length) return false;
      place.hasher.update(piece);
      this.onBytes(at + piece.length, size);
      // A worker that only reads would not hear that it is to stop.
      await pause(place.clock, 0, place.signal);
    }
    return told === place.hasher.digest();
  }

  /** Until the last byte is there. */
  async fetch(): Promise<void> {
    const { clock, signal } = this.place;
    const patience = new Patience(clock, signal, this.offset);
    while (this.offset !== this.#size) {
      signal.throwIfAborted();
      try {
        await this.#fetchOnce(patience);
      } catch (fault) {
        signal.throwIfAborted();
        if (!(fault instanceof PassingFault)) throw fault;
        const { offset } = this;
        if (fault.anew) await this.#beginAnew();
        await patience.afterFault(fault, offset);
      }
    }
  }

  async #fetchOnce(patience: Patience): Promise<void> {
    const arrival = await this.#open();
    patience.answered();
    try {
      await this.#accept(arrival);
      for (let bytes = await this.#read(arrival); bytes; bytes = await this.#read(arrival)) await this.#take(bytes);
    } finally {
      arrival.close();
    }
    if (this.offset !== this.#size) throw new PassingFault(`${this.item.path} ended ${this.#lack()} bytes too early.`);
  }

  async #open(): Promise<Arrival> {
    const opening = this.item.source.open(this.offset);
    return within(this.place.clock, STALL_MS, opening, () => {
      opening.then(
        (arrival) => arrival.close(),
        () => {},
      );
      return this.#stalled();
    });
  }

  async #read(arrival: Arrival): Promise<Uint8Array | undefined> {
    const bytes = await within(this.place.clock, STALL_MS, arrival.read(), () => this.#stalled());
    this.place.signal.throwIfAborted();
    return bytes;
  }

  /** What arrives must be the file that was begun, and of the length it should have. */
  async #accept({ offset, size, etag }: Arrival): Promise<void> {
    const { item, part } = this;
    if (item.size !== undefined && size !== item.size) {
      throw new PassingFault(`${item.path} should have ${item.size} bytes, and the host announces ${size}.`);
    }
    const changed = size !== (this.#size ?? size) || etag !== (this.#etag ?? etag);
    if (changed || offset !== this.offset) {
      await this.#beginAnew();
      if (offset !== 0) throw new PassingFault(`${item.path} has changed on the host while it was fetched.`);
    }
    this.#size = size;
    this.#etag = etag;
    if (part.size() !== size) part.truncate(size);
  }

  async #beginAnew(): Promise<void> {
    await this.place.journals.remove(this.item.path);
    this.place.hasher.init();
    this.offset = this.#journalled = 0;
    this.#size = this.item.size;
    this.#etag = undefined;
  }

  async #take(bytes: Uint8Array): Promise<void> {
    if (bytes.length > this.#lack()) {
      throw new PassingFault(`The host sent more of ${this.item.path} than it announced.`, undefined, true);
    }
    for (let rest = bytes; rest.length > 0; ) {
      const piece = rest.subarray(0, this.#journalled + this.place.journalEvery - this.offset);
      this.#write(piece);
      rest = rest.subarray(piece.length);
      if (this.offset - this.#journalled >= this.place.journalEvery) await this.note();
    }
    this.onBytes(this.offset, this.#size as number);
  }

  #write(piece: Uint8Array): void {
    for (let done = 0; done < piece.length; ) {
      const written = this.part.write(piece.subarray(done), this.offset + done);
      if (written === 0) throw this.noRoom();
      done += written;
    }
    this.place.hasher.update(piece);
    this.offset += piece.length;
  }

  /** Makes what is there survive a crash. Data first: a journal must not speak of bytes that are lost. */
  async note(): Promise<void> {
    if (this.#size === undefined || this.offset === this.#journalled) return;
    this.part.flush();
    const journal = { from: this.item.source.from, etag: this.#etag, size: this.#size, offset: this.offset };
    await this.place.journals.save(this.item.path, journalText({ ...journal, hashState: this.place.hasher.save() }));
    this.#journalled = this.offset;
  }

  /** Room was taken beforehand, so it is the disk that is full, and not the browser's share of it. */
  noRoom(): QuotaError {
    return new QuotaError(
      `The disk is full: there is no room for the last ${sizeText(this.#lack())} of ${this.item.path}. What has arrived is kept: free some space, then go on.`,
    );
  }

  #lack(): number {
    return (this.#size ?? 0) - this.offset;
  }

  #stalled(): PassingFault {
    return new PassingFault(`Nothing came of ${this.item.path} for ${STALL_MS / 1000} seconds.`);
  }
}
