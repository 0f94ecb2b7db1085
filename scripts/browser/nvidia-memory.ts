import { execFile, execFileSync } from 'node:child_process';

const QUERY = ['--query-gpu=memory.used', '--format=csv,noheader,nounits'];
const EVERY_MS = 1000;

/** The most memory in use on an NVIDIA GPU since `start`, by anyone, in bytes. */
export class NvidiaMemory {
  #peak = 0;
  readonly #timer: NodeJS.Timeout;

  private constructor(readonly before: number) {
    this.#timer = setInterval(() => {
      execFile('nvidia-smi', QUERY, (error, stdout) => {
        if (!error) this.#peak = Math.max(this.#peak, used(stdout));
      });
    }, EVERY_MS).unref();
  }

  /** undefined where there is no such GPU, or no nvidia-smi. */
  static start(): NvidiaMemory | undefined {
    try {
      return new NvidiaMemory(used(execFileSync('nvidia-smi', QUERY, { encoding: 'utf8', stdio: 'pipe' })));
    } catch {
      return undefined;
    }
  }

  get peak(): number {
    return Math.max(this.before, this.#peak);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Of several GPUs the fullest. */
const used = (mebibytes: string) => Math.max(...mebibytes.trim().split('\n').map(Number)) * 2 ** 20;
