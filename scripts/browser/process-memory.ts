import { readFileSync } from 'node:fs';
import type { Browser } from '@playwright/test';

const EVERY_MS = 500;

/** Bytes of resident memory. */
export interface Held {
  readonly now: number;
  readonly peak: number;
}

/**
 * What a browser's processes hold, by their type ('renderer', 'GPU', 'browser'); the GPU process holds what an emulated GPU
 * would. Linux only. Of several of a type the largest counts.
 */
export class ProcessMemory {
  readonly #browser: Browser;
  readonly #timer: NodeJS.Timeout;
  readonly #peaks = new Map<string, number>();

  constructor(browser: Browser) {
    this.#browser = browser;
    // A process that dies takes its numbers along, and the kernels of some sandboxes keep no peak, so they are read all the time.
    this.#timer = setInterval(() => void this.read().catch(() => {}), EVERY_MS).unref();
  }

  /** By type; empty where there is no /proc. */
  async read(): Promise<ReadonlyMap<string, Held>> {
    const session = await this.#browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    await session.detach();
    const held = new Map<string, Held>();
    // The others serve the network and the disk, and hold little.
    for (const { type, id } of processInfo.filter(({ type }) => ['renderer', 'GPU', 'browser'].includes(type))) {
      const status = statusOf(id);
      const peak = Math.max(this.#peaks.get(type) ?? 0, bytesIn(status, 'VmHWM'));
      this.#peaks.set(type, peak);
      const now = Math.max(held.get(type)?.now ?? 0, bytesIn(status, 'VmRSS'));
      if (peak > 0) held.set(type, { now, peak });
    }
    return held;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** '' if it cannot be known. */
function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

const bytesIn = (status: string, key: string): number =>
  Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
