import type { FileStat, Journals, ModelFolder, PartFile } from '../src/model-files/disk';
import { PART } from '../src/model-files/names';
import type { ModelRecord } from '../src/model-files/record';
import { VirtualBlob } from '../src/safetensors/virtual-blob';

/** What a process that was killed meets, whatever it still tries. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

interface Stored {
  /** What a reader sees. */
  bytes: Uint8Array;
  /** What is surely on the platter. */
  flushed: Uint8Array;
  lastModified: number;
}

/** What may befall a disk. Steps are counted from 1 over everything that changes something. */
export interface DiskFate {
  /** The process dies at this step, which may or may not have been carried out. */
  readonly killAt?: number;
  /** From this step on there is no room for more. */
  readonly fullAt?: number;
  /** Bytes of all files together. */
  readonly room?: number;
}

/**
 * A folder, its journals and its record, with what happens to them when the process is killed or the power fails: bytes
 * that were not flushed are there, or gone, or half there.
 */
export class SimulatedDisk implements ModelFolder {
  #files = new Map<string, Stored>();
  #journals = new Map<string, string>();
  record: ModelRecord | undefined;
  steps = 0;
  #fate: DiskFate = {};
  #dead = false;
  #time = 1;
  /** Undoes a move that no flush has followed. */
  #unsettled: (() => void) | undefined;

  /** @param random numbers from 0 to 1 */
  constructor(readonly random: () => number) {}

  /** Begins a life: counting starts anew. */
  live(fate: DiskFate): void {
    this.#fate = fate;
    this.#dead = false;
    this.steps = 0;
  }

  /** The end of a life by a power cut. */
  crash(): void {
    this.#unsettled?.();
    this.#unsettled = undefined;
    for (const file of this.#files.values()) file.bytes = file.flushed = this.#torn(file);
  }

  /** The bytes of a whole file, as they lie there. */
  bytes(path: string): Uint8Array | undefined {
    return this.#files.get(path)?.bytes;
  }

  flip(path: string, at: number): void {
    const file = this.#files.get(path) as Stored;
    file.bytes[at] = (file.bytes[at] as number) ^ 1;
    file.flushed = file.bytes.slice();
  }

  get paths(): string[] {
    return [...this.#files.keys()];
  }

  async stat(path: string): Promise<FileStat | undefined> {
    this.#look();
    const file = this.#files.get(path);
    return file && { bytes: file.bytes.length, lastModified: file.lastModified };
  }

  async read(path: string): Promise<Blob> {
    this.#look();
    const { bytes } = this.#files.get(path) as Stored;
    return new VirtualBlob(bytes.length, async (begin, end) => bytes.slice(begin, end));
  }

  async openPart(path: string): Promise<PartFile> {
    const name = path + PART;
    this.#step(() => {
      if (!this.#files.has(name)) this.#files.set(name, this.#empty());
    });
    const file = this.#files.get(name) as Stored;
    return {
      size: () => file.bytes.length,
      truncate: (size) => this.#step(() => this.#resize(file, size)),
      read: (bytes, at) => {
        this.#look();
        const there = file.bytes.subarray(at, at + bytes.length);
        bytes.set(there);
        return there.length;
      },
      write: (bytes, at) => this.#write(file, bytes, at),
      flush: () =>
        this.#step(() => {
          file.flushed = file.bytes.slice();
        }),
      close: () => {},
    };
  }

  async finishPart(path: string): Promise<void> {
    this.#step(() => {
      const before = this.#files.get(path);
      const file = this.#files.get(path + PART) as Stored;
      this.#files.delete(path + PART);
      this.#files.set(path, file);
      this.#unsettled = () => {
        if (this.random() < 0.5) return;
        this.#files.set(path + PART, file);
        if (before) this.#files.set(path, before);
        else this.#files.delete(path);
      };
    });
  }

  async removePart(path: string): Promise<void> {
    this.#step(() => this.#files.delete(path + PART));
  }

  async remove(path: string): Promise<void> {
    this.#step(() => this.#files.delete(path));
  }

  readonly journals: Journals = {
    load: async (path) => {
      this.#look();
      return this.#journals.get(path);
    },
    save: async (path, text) => this.#commit(() => this.#journals.set(path, text)),
    remove: async (path) => this.#step(() => this.#journals.delete(path)),
  };

  saveRecord = async (record: ModelRecord): Promise<void> =>
    this.#commit(() => {
      this.record = record;
    });

  /** A change of the database, which is there for good once it has been made. */
  #commit(change: () => void): void {
    this.#needRoom();
    this.#step(() => {
      change();
      this.#unsettled = undefined;
    });
  }

  #write(file: Stored, bytes: Uint8Array, at: number): number {
    this.#needRoom();
    // Disks write less than they are asked to, now and then.
    const length = this.random() < 0.1 ? Math.ceil(bytes.length / 2) : bytes.length;
    this.#step(() => {
      if (at + length > file.bytes.length) this.#resize(file, at + length);
      file.bytes.set(bytes.subarray(0, length), at);
      file.lastModified = this.#time++;
    });
    return length;
  }

  #resize(file: Stored, size: number): void {
    const others = [...this.#files.values()].reduce((sum, each) => sum + (each === file ? 0 : each.bytes.length), 0);
    if (size > file.bytes.length) {
      this.#needRoom();
      if (others + size > (this.#fate.room ?? Number.POSITIVE_INFINITY)) throw quotaExceeded();
    }
    const bytes = new Uint8Array(size);
    bytes.set(file.bytes.subarray(0, size));
    file.bytes = bytes;
    file.lastModified = this.#time++;
  }

  #needRoom(): void {
    if (this.steps + 1 >= (this.#fate.fullAt ?? Number.POSITIVE_INFINITY)) {
      this.steps++;
      throw quotaExceeded();
    }
  }

  #step(change: () => void): void {
    this.#look();
    this.steps++;
    const last = this.steps === this.#fate.killAt;
    if (!last || this.random() < 0.5) change();
    if (!last) return;
    this.#dead = true;
    throw new Killed();
  }

  #look(): void {
    if (this.#dead) throw new Killed();
  }

  #torn({ bytes, flushed }: Stored): Uint8Array {
    const kept = this.random();
    if (kept < 0.3) return flushed.slice();
    if (kept < 0.6) return bytes.slice();
    const size = this.random() < 0.5 ? bytes.length : flushed.length;
    return Uint8Array.from({ length: size }, (_, i) => (this.random() < 0.5 ? bytes[i] : flushed[i]) ?? 0);
  }

  #empty(): Stored {
    return { bytes: new Uint8Array(), flushed: new Uint8Array(), lastModified: this.#time++ };
  }
}

function quotaExceeded(): Error {
  return new DOMException('The operation failed because it would exceed the quota.', 'QuotaExceededError');
}
