/** Time, which tests let pass at will. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `ring` after `ms` milliseconds, unless the returned function is called before. */
  after(ms: number, ring: () => void): () => void;
}

/** Waits; rejects with the signal's reason as soon as it aborts. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let stop = () => {};
  let end = () => {};
  try {
    await new Promise<void>((resolve) => {
      end = resolve;
      stop = clock.after(ms, resolve);
      signal.addEventListener('abort', end, { once: true });
    });
  } finally {
    stop();
    signal.removeEventListener('abort', end);
  }
  signal.throwIfAborted();
}

/** `promise`, or a rejection with `late()` if it takes longer than `ms` milliseconds. */
export async function within<T>(clock: Clock, ms: number, promise: Promise<T>, late: () => Error): Promise<T> {
  let stop = () => {};
  const alarm = new Promise<never>((_, reject) => {
    stop = clock.after(ms, () => reject(late()));
  });
  try {
    return await Promise.race([promise, alarm]);
  } finally {
    stop();
  }
}
