import type { ApiDeps } from './deps';
import { ApiError } from './errors';
import { isExpired, isFinished, type Job } from './job';

/** How much longer a job takes that is asked to be slow. */
const SLOW_MILLISECONDS = 60_000;

/** What OpenAI says of a video that its filter caught. */
class ModerationError extends Error {
  override readonly message = 'Your request was blocked by our moderation system.';
}

interface Running {
  job: Job;
  /** Resolves to the job as it ended; never rejects. */
  readonly ended: Promise<Job>;
}

/**
 * Makes the clips of jobs, one after the other, and keeps their records true. A job is not bound to the request that
 * asked for it: a client may hang up, and still finds its clip.
 */
export class JobRunner {
  readonly #deps: ApiDeps;
  readonly #running = new Map<string, Running>();
  /** Resolves when the GPU is free. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: ApiDeps) {
    this.#deps = deps;
  }

  /**
   * Queues a job and returns at once.
   *
   * @param picture as Animator.openPicture gave it
   * @throws ApiError if the queue is full, or the pretend balance does not reach
   */
  async start(job: Job, picture: Blob): Promise<void> {
    await this.#sweep();
    const balance = await this.#deps.meter.balance();
    // From here to the entry in #running nothing is awaited: requests that come together cannot pass together.
    this.#checkRoom();
    this.#checkBalance(balance, job);
    let begin = (_: Promise<Job>) => {};
    const ended = new Promise<Job>((resolve) => {
      begin = resolve;
    });
    this.#running.set(job.id, { job, ended });
    try {
      await this.#deps.jobs.put(job);
    } catch (error) {
      this.#running.delete(job.id);
      throw error;
    }
    begin(this.#run(job, picture));
  }

  /** The job as it stands; undefined if there is none, or its clip was thrown away and it has nothing left to tell. */
  async find(id: string): Promise<Job | undefined> {
    const running = this.#running.get(id);
    if (running) return running.job;
    const job = await this.#deps.jobs.get(id);
    if (!job || isFinished(job)) return job;
    // The job may have ended while its record was being read.
    const latest = this.#running.get(id)?.job ?? (await this.#deps.jobs.get(id));
    return latest && !isFinished(latest) && !this.#running.has(id) ? this.#orphan(latest) : latest;
  }

  /** All jobs, as they stand. */
  async list(): Promise<readonly Job[]> {
    const jobs = await this.#deps.jobs.list();
    const latest = await Promise.all(jobs.map((job) => (isFinished(job) ? job : this.find(job.id))));
    return latest.filter((job) => job !== undefined);
  }

  /** The job as it ended; waits for that if it runs. */
  async ended(id: string): Promise<Job | undefined> {
    return (await this.#running.get(id)?.ended) ?? this.find(id);
  }

  async delete(id: string): Promise<void> {
    await this.#deps.results.delete(id);
    await this.#deps.jobs.delete(id);
  }

  #checkRoom(): void {
    const { maxJobs } = this.#deps.mirror();
    if (this.#running.size < maxJobs) return;
    throw new ApiError(
      'rate_limited',
      `${maxJobs} clips are waiting already, as many as may. Wait until some are done, then try again.`,
      undefined,
      { 'retry-after': '30' },
    );
  }

  /** Clips that are not finished are paid for already: they cannot be had twice for the same money. */
  #checkBalance(balance: number | null, job: Job): void {
    if (balance === null) return;
    const promised = [...this.#running.values()].reduce((sum, running) => sum + running.job.dollars, 0);
    // A cent's thousandth is rounding.
    if (balance - promised >= job.dollars - 1e-5) return;
    throw new ApiError(
      'payment_required',
      `This clip costs $${job.dollars.toFixed(2)} and $${Math.max(0, balance - promised).toFixed(2)} of the pretend ` +
        'balance are left. Fill it up, or turn it off, on the API page.',
    );
  }

  async #run(job: Job, picture: Blob): Promise<Job> {
    const mine = this.#turn.then(() => this.#animate(job, picture));
    this.#turn = mine.catch(() => {});
    try {
      const mp4 = await mine;
      if (job.fate === 'slow') await this.#deps.sleep(SLOW_MILLISECONDS);
      await this.#deps.results.write(job.id, mp4);
      await this.#deps.meter.charge(job.dollars);
      return await this.#end(job, { status: 'completed', progress: 1, bytes: mp4.size });
    } catch (error) {
      const message = (error as Error).message || 'The clip could not be made. Try again.';
      const code = error instanceof ModerationError ? 'moderation_blocked' : 'generation_failed';
      return await this.#end(job, { status: 'failed', error: { code, message } });
    }
  }

  async #animate(job: Job, picture: Blob): Promise<Blob> {
    const blurred = job.fate === 'content-filtered';
    // Stability hands out a blurred clip, OpenAI none.
    if (blurred && job.face === 'videos') throw new ModerationError();
    const onProgress = (fraction: number) => {
      // Complete is for finished jobs, whose clip can be had.
      const progress = Math.min(Math.max(fraction, 0), 0.99);
      this.#note(job.id, { status: 'in_progress', progress });
    };
    return this.#deps.animator.animate(picture, job.settings, blurred, onProgress);
  }

  /** Progress is kept in memory alone: after a reload nothing would take it further. */
  #note(id: string, change: Partial<Job>): void {
    const running = this.#running.get(id);
    if (running) running.job = { ...running.job, ...change };
  }

  async #end(job: Job, change: Partial<Job>): Promise<Job> {
    const now = this.#deps.now();
    const { keepSeconds } = this.#deps.mirror();
    const kept = keepSeconds === null ? null : now + keepSeconds * 1000;
    const expiresAt = job.fate === 'expired' ? now : kept;
    const ended: Job = { ...(this.#running.get(job.id)?.job ?? job), completedAt: now, expiresAt, ...change };
    // Where the record cannot be written it says that the job runs, and the next who looks finds it interrupted.
    await this.#deps.jobs.put(ended).catch(() => {});
    this.#running.delete(job.id);
    return ended;
  }

  /** A job that says it runs and does not: the page was closed under it. */
  async #orphan(job: Job): Promise<Job> {
    const message = 'The tab that made this clip was closed before the clip was done. Ask for it again.';
    return this.#end(job, { status: 'failed', error: { code: 'interrupted', message } });
  }

  /** Throws away what has expired. The Videos API still tells of a video whose file is gone; the others forget it. */
  async #sweep(): Promise<void> {
    const now = this.#deps.now();
    for (const job of await this.#deps.jobs.list()) {
      if (!isExpired(job, now)) continue;
      if (job.face !== 'videos') await this.delete(job.id);
      else if (job.bytes > 0) {
        await this.#deps.results.delete(job.id);
        await this.#deps.jobs.put({ ...job, bytes: 0 });
      }
    }
  }
}
