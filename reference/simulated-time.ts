import type { Clock } from '../src/model-files/clock';

/** A clock that leaps to the next alarm as soon as everybody waits for one. */
export class SimulatedTime implements Clock {
  #now = Date.UTC(2026, 0, 1);
  readonly #alarms = new Set<{ readonly at: number; readonly ring: () => void }>();
  #running = false;

  now(): number {
    return this.#now;
  }

  after(ms: number, ring: () => void): () => void {
    const alarm = { at: this.#now + ms, ring };
    this.#alarms.add(alarm);
    this.#run();
    return () => void this.#alarms.delete(alarm);
  }

  /** Whatever is not waiting for the clock here is done before Node's next turn. */
  #run(): void {
    if (this.#running) return;
    this.#running = true;
    setImmediate(() => {
      this.#running = false;
      const next = [...this.#alarms].sort((a, b) => a.at - b.at)[0];
      if (!next) return;
      this.#alarms.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.ring();
      if (this.#alarms.size > 0) this.#run();
    });
  }
}
