import { type Remote, releaseProxy, wrap } from 'comlink';

interface Running<Api> {
  readonly worker: Worker;
  readonly api: Remote<Api>;
  /** Rejects when the worker ends; never resolves. */
  readonly ended: Promise<never>;
  readonly end: (reason: Error) => void;
}

/**
 * A worker that is started when it is first called and again after it has ended.
 *
 * A call to a worker that died would wait for ever: comlink only waits for a message. So every call here races against the
 * worker's end.
 */
export class WorkerHandle<Api> {
  readonly #start: () => Worker;
  readonly #onEnd: () => void;
  #running: Running<Api> | undefined;

  /** @param onEnd called when a worker has ended, wanted or not: what was told to it is forgotten */
  constructor(start: () => Worker, onEnd: () => void = () => {}) {
    this.#start = start;
    this.#onEnd = onEnd;
  }

  async call<T>(job: (api: Remote<Api>) => Promise<T>): Promise<T> {
    this.#running ??= this.#launch();
    return Promise.race([job(this.#running.api), this.#running.ended]);
  }

  /** Ends the worker at once; calls that wait for it reject with `reason`. The next call starts a fresh worker. */
  end(reason: Error): void {
    this.#running?.end(reason);
  }

  #launch(): Running<Api> {
    const worker = this.#start();
    const api = wrap<Api>(worker);
    const { promise: ended, reject } = Promise.withResolvers<never>();
    // A worker may end while nobody waits for it; that is no unhandled rejection.
    ended.catch(() => {});
    const running: Running<Api> = {
      worker,
      api,
      ended,
      end: (reason) => {
        if (this.#running === running) this.#running = undefined;
        reject(reason);
        api[releaseProxy]();
        worker.terminate();
        this.#onEnd();
      },
    };
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      // A script that could not be fetched or compiled comes without a message.
      const why = event.message ? ` (${event.message})` : '';
      running.end(new Error(`A background worker of the page stopped${why}. Try again; if it happens twice, reload.`));
    });
    return running;
  }
}
