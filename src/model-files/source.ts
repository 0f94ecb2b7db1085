/** Where the bytes of a file come from: an address on the network, or a file of this machine. */
export interface Source {
  /** Tells this source, in this version, from others: half a file is continued only from where it began. */
  readonly from: string;
  /** What the transfer is called. */
  readonly doing: 'downloading' | 'copying';
  /**
   * Begins to read at byte `offset`.
   *
   * @throws PassingFault if another try may succeed; any other error is final
   */
  open(offset: number): Promise<Arrival>;
}

/** Bytes that are arriving. */
export interface Arrival {
  /** Of the first byte: the offset asked for, or 0 where the source cannot begin in the middle. */
  readonly offset: number;
  /** Bytes of the whole file. */
  readonly size: number;
  /** The source's name for this version of the file, where it has one. */
  readonly etag?: string | undefined;
  /** The next bytes; undefined after the last. */
  read(): Promise<Uint8Array | undefined>;
  /** Ends it early or late; harmless after the last byte. */
  close(): void;
}

/** Something that may be otherwise in a moment: a dropped connection, a busy host, a link that expired. */
export class PassingFault extends Error {
  override readonly name = 'PassingFault';

  constructor(
    message: string,
    /** How long the source asks to be left alone, in milliseconds. */
    readonly pauseMs?: number,
    /** Whether what has arrived so far is no part of what will arrive. */
    readonly anew = false,
  ) {
    super(message);
  }
}
