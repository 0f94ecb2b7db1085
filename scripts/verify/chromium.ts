import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import { createServer, type Plugin } from 'vite';
import type { CheckpointFiles } from '../../src/models/checkpoint';
import { findChromium } from '../chromium.mjs';
import type { Check } from './check';

const QUIET = ['--no-sandbox', '--no-first-run', '--disable-background-networking', '--disable-component-update'];
const SOFTWARE = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];
const HARDWARE = ['--enable-unsafe-webgpu', '--enable-features=Vulkan', '--use-angle=vulkan', '--ignore-gpu-blocklist'];

/** Runs the checks of the networks in Chromium on WebGPU, in page.ts, and passes on what it reports. */
export async function* inChromium(files: CheckpointFiles, folder: string, gpu: boolean): AsyncGenerator<Check> {
  const executablePath = await findChromium();
  if (!executablePath) throw new Error('There is no Chromium on this machine. `npm test` installs one.');
  const server = await createServer({
    configFile: fileURLToPath(new URL('../../vite.config.ts', import.meta.url)),
    root: fileURLToPath(new URL('../..', import.meta.url)),
    logLevel: 'error',
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
    plugins: [serveFolder(files, folder)],
  });
  await server.listen();
  const address = server.httpServer?.address();
  const port = typeof address === 'object' && address?.port;
  const browser = await chromium.launch({ executablePath, args: [...QUIET, ...(gpu ? HARDWARE : SOFTWARE)] });
  try {
    const page = await browser.newPage();
    const queue = new Queue<Check>();
    await page.exposeFunction('report', (check: Check) => queue.push(check));
    await page.exposeFunction('finish', (error?: string) => queue.end(error));
    page.on('pageerror', (error) => queue.end(error.message));
    page.on('crash', () => queue.end('The page crashed.'));
    await page.goto(`http://127.0.0.1:${port}/scripts/verify/page.html`);
    yield* queue;
  } finally {
    await browser.close();
    await server.close();
  }
}

/** /reference/index.json lists the folder, /reference/PATH is a file of it. */
function serveFolder({ paths }: CheckpointFiles, folder: string): Plugin {
  return {
    name: 'serve-reference',
    configureServer({ middlewares }) {
      middlewares.use('/reference-data', (request, response, next) => {
        const path = decodeURIComponent((request.url ?? '').slice(1));
        if (path === 'index.json') response.end(JSON.stringify(paths));
        else if (paths.includes(path)) createReadStream(`${folder}/${path}`).pipe(response);
        else next();
      });
    },
  };
}

/** What one side pushes, the other iterates. */
class Queue<T> {
  readonly #items: T[] = [];
  #wake: () => void = () => {};
  #ended = false;
  #error: string | undefined;

  push(item: T) {
    this.#items.push(item);
    this.#wake();
  }

  end(error?: string) {
    this.#error ??= error;
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      yield* this.#items.splice(0);
      if (this.#error) throw new Error(this.#error);
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
