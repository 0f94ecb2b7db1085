/** How far a transfer is, and when it should end. */
export interface Transfer {
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Null while that cannot be told. */
  readonly secondsLeft: number | null;
}

interface Mark {
  readonly doneBytes: number;
  readonly at: number;
}

/** Looked back on, in milliseconds: long enough to be calm, short enough to notice a line that slows down. */
const WINDOW = 15_000;

/** Before this there is no pace to speak of. */
const FIRST_WORD = 1500;

/** Tells the time left of a transfer by its pace over the last quarter of a minute. */
export class Pace {
  #marks: readonly Mark[] = [];

  /** @param now milliseconds on any clock */
  note(doneBytes: number, totalBytes: number, now: number): Transfer {
    // Bytes that fall back belong to another job, or to a file that began anew.
    const marks = doneBytes < (this.#marks.at(-1)?.doneBytes ?? 0) ? [] : this.#marks;
    const recent = marks.filter(({ at }) => now - at <= WINDOW);
    // With nothing recent the last mark tells how slow it is.
    this.#marks = [...(recent.length > 0 ? recent : marks.slice(-1)), { doneBytes, at: now }];
    return { doneBytes, totalBytes, secondsLeft: this.#secondsLeft(doneBytes, totalBytes, now) };
  }

  #secondsLeft(doneBytes: number, totalBytes: number, now: number): number | null {
    const [first] = this.#marks as readonly [Mark, ...Mark[]];
    const moved = doneBytes - first.doneBytes;
    if (now - first.at < FIRST_WORD || moved <= 0) return null;
    return ((totalBytes - doneBytes) / moved) * ((now - first.at) / 1000);
  }
}

/** Bytes as people say them: "512 bytes", "340 kB", "1.3 MB", "4.51 GB". */
export function sayBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
