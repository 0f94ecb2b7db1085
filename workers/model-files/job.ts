import { BusyError } from '../../src/model-files/errors';

/** One job on a model at a time, in all tabs together. */

interface Job {
  readonly id: string;
  readonly controller: AbortController;
  readonly ended: Promise<unknown>;
}
const running = new Set<Job>();

/**
 * Runs a job that no other tab, and no other job, may work beside.
 *
 * @throws BusyError at once if one does
 */
export const runAlone = <T>(id: string, job: (signal: AbortSignal) => Promise<T>): Promise<T> =>
  alone(id, () => run(id, job));

/** Runs a job that `cancelJobs` ends. */
export async function run<T>(id: string, job: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const ended = job(controller.signal);
  const entry = { id, controller, ended };
  running.add(entry);
  try {
    return await ended;
  } finally {
    running.delete(entry);
  }
}

/** Ends this worker's jobs on a model, and waits until they have ended. */
export async function cancelJobs(id: string): Promise<void> {
  const jobs = [...running].filter((job) => job.id === id);
  for (const { controller } of jobs) {
    controller.abort(new DOMException('Stopped. What has arrived is kept.', 'AbortError'));
  }
  await Promise.allSettled(jobs.map(({ ended }) => ended));
}

/** @throws BusyError */
export function alone<T>(id: string, job: () => Promise<T>): Promise<T> {
  return navigator.locks.request(`model-files:${id}`, { ifAvailable: true }, (lock) => {
    if (lock) return job();
    throw new BusyError(
      'Something is already at work on this model, here or in another tab. Wait until it is done, or stop it there.',
    );
  });
}
