/** What the algorithm asks of a disk, a database and a hash; workers give it the browser's, tests a simulated one. */

/**
 * A file on its way, open for nobody else: what a sync access handle offers. Methods throw `QuotaExceededError` where there
 * is no room.
 */
export interface PartFile {
  size(): number;
  /** Makes it `size` bytes long. Growing takes the room at once, so it tells beforehand whether there is enough. */
  truncate(size: number): void;
  /** Fills `bytes` from a position, and returns how many bytes there were. */
  read(bytes: Uint8Array, at: number): number;
  /** Writes at a position, and returns how many bytes were written: all, unless the disk is full. */
  write(bytes: Uint8Array, at: number): number;
  /** What was written survives a crash once this has returned. */
  flush(): void;
  close(): void;
}

export interface FileStat {
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly lastModified: number;
}

/** The folder of one model. Every file in it is either whole, under its own path, or a part. */
export interface ModelFolder {
  /** Of the whole file at `path`; undefined if there is none. */
  stat(path: string): Promise<FileStat | undefined>;
  /** The whole file at `path`, which must be there. */
  read(path: string): Promise<Blob>;
  /** Opens the part of a file, an empty one if there is none. */
  openPart(path: string): Promise<PartFile>;
  /** Gives the part of a file its own name. */
  finishPart(path: string): Promise<void>;
  /** Harmless if there is none. */
  removePart(path: string): Promise<void>;
  /** Harmless if there is none. */
  remove(path: string): Promise<void>;
}

/** The journals of one model's files. What was saved survives a crash. */
export interface Journals {
  load(path: string): Promise<unknown>;
  save(path: string, text: string): Promise<void>;
  remove(path: string): Promise<void>;
}

/** SHA-256, piece by piece. */
export interface Hasher {
  init(): void;
  update(bytes: Uint8Array): void;
  /** The state so far, to go on from in another life. */
  save(): Uint8Array;
  /** @throws if the state is not one of its own */
  load(state: Uint8Array): void;
  /** 64 hex digits; `init` or `load` must follow before the next use. */
  digest(): string;
}

export const isQuotaExceeded = (error: unknown) => error instanceof Error && error.name === 'QuotaExceededError';
