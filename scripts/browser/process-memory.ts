import { readFileSync } from 'node:fs';
import type { Browser } from '@playwright/test';

const EVERY_MS = 1000;

/**
 * The most memory that a browser's processes have held, by their type ('renderer', 'GPU', 'browser'). Linux only: it asks
 * the kernel, which keeps each process's peak. Of several of a type the largest counts.
 */
export class ProcessMemory {
  readonly #browser: Browser;
  readonly #timer: NodeJS.Timeout;
  #peaks = new Map<string, number>();

  constructor(browser: Browser) {
    this.#browser = browser;
    // A process that dies takes its numbers along, so they are read all the time.
    this.#timer = setInterval(() => void this.peaks().catch(() => {}), EVERY_MS).unref();
  }

  /** Bytes by type; empty where there is no /proc. */
  async peaks(): Promise<ReadonlyMap<string, number>> {
    const session = await this.#browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    await session.detach();
    for (const { type, id } of processInfo) {
      // The others serve the network and the disk, and hold little.
      if (type !== 'renderer' && type !== 'GPU' && type !== 'browser') continue;
      this.#peaks.set(type, Math.max(this.#peaks.get(type) ?? 0, peakOf(id)));
    }
    return new Map([...this.#peaks].filter(([, bytes]) => bytes > 0));
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** VmHWM: the largest resident size so far. 0 if it cannot be known. */
function peakOf(pid: number): number {
  try {
    const [, kib] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0;
  }
}
