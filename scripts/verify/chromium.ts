import { join } from 'node:path';
import type { VerifyPage } from '../../e2e/pages/verify';
import { type Gpu, openLab } from '../browser/lab';
import type { Check } from './check';

declare const verifyPage: VerifyPage;

/** Runs the checks of the networks in Chromium on WebGPU, in e2e/pages/verify.ts, and passes on what it reports. */
export async function* inChromium(folder: string, paths: readonly string[], gpu: Gpu): AsyncGenerator<Check> {
  const { page, close } = await openLab({ name: 'verify', gpu });
  try {
    const checks = new Queue<Check>();
    await page.exposeFunction('report', (check: Check) => checks.push(check));
    await page.route('**/reference-data/**', async (route) => {
      const path = decodeURIComponent(new URL(route.request().url()).pathname.slice('/reference-data/'.length));
      await (path === 'index.json' ? route.fulfill({ json: paths }) : route.fulfill({ path: join(folder, path) }));
    });
    page
      .evaluate(() => verifyPage.run())
      .then(
        () => checks.end(),
        (error: Error) => checks.end(error),
      );
    yield* checks;
  } finally {
    await close();
  }
}

/** What one side pushes, the other iterates. */
class Queue<T> {
  readonly #items: T[] = [];
  #wake: () => void = () => {};
  #ended = false;
  #error: Error | undefined;

  push(item: T) {
    this.#items.push(item);
    this.#wake();
  }

  end(error?: Error) {
    this.#error = error;
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      yield* this.#items.splice(0);
      if (this.#error) throw this.#error;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
