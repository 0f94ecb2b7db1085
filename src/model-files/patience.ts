import { type Clock, pause } from './clock';
import { HubError } from './errors';
import type { PassingFault } from './source';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** A host that asks to be left alone for longer is not waited for. */
const LONGEST_ASKED_MS = 5 * 60_000;
/** Faults in a row after which a source is given up: about a minute and a half. */
const PATIENCE = 8;
/** As long as a host has never answered, it is rather a wrong address than a bad connection. */
const PATIENCE_AT_FIRST = 3;

/** How often a source is tried again, and how long to wait before. Progress restores it. */
export class Patience {
  #faults = 0;
  #furthest: number;
  #answered = false;

  /** @param offset bytes that are there already */
  constructor(
    readonly clock: Clock,
    readonly signal: AbortSignal,
    offset: number,
  ) {
    this.#furthest = offset;
  }

  /** To be called when a source has answered. */
  answered(): void {
    this.#answered = true;
  }

  /**
   * Waits before the next try.
   *
   * @param offset bytes that are there now
   * @throws HubError if another try is not worth it
   */
  async afterFault(fault: PassingFault, offset: number): Promise<void> {
    if (offset > this.#furthest) this.#faults = 0;
    this.#furthest = Math.max(this.#furthest, offset);
    this.#faults++;
    const ms = fault.pauseMs ?? Math.min(FIRST_PAUSE_MS * 2 ** (this.#faults - 1), LONGEST_PAUSE_MS);
    if (this.#faults >= (this.#answered ? PATIENCE : PATIENCE_AT_FIRST) || ms > LONGEST_ASKED_MS) {
      throw new HubError(`${fault.message} What has arrived is kept: check the connection, then go on.`);
    }
    await pause(this.clock, ms, this.signal);
  }
}
