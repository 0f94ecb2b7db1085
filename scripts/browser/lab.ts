import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from '@playwright/test';
import { build, type InlineConfig, mergeConfig, preview } from 'vite';
import app from '../../vite.config.ts';
import { findChromium, QUIET, REAL_WEBGPU, SOFTWARE_WEBGPU } from '../chromium.mjs';
import { ProcessMemory } from './process-memory';

/** Which adapter WebGPU offers: the machine's own, or Chromium's software one. */
export type Gpu = 'real' | 'swiftshader';

export interface LabOptions {
  /** A page of e2e/pages, by its name. */
  readonly name: string;
  /** Of its address, from the question mark on. */
  readonly query?: string;
  readonly gpu: Gpu;
  /** Chromium's executable; searched for unless given. */
  readonly chromium?: string | undefined;
  /** Whether the page needs public/, the model among it. Default false. */
  readonly publicFiles?: boolean;
  /** How many threads wasm may use; as many as the machine has cores unless given. */
  readonly threads?: number;
  /** A folder for what the browser stores; without one it is a private window, which keeps stored files in memory. */
  readonly profile?: string;
}

/** A page of e2e/pages in a headless Chromium, and what its processes use. */
export interface Lab {
  readonly page: Page;
  readonly browser: Browser;
  readonly memory: ProcessMemory;
  close(): Promise<void>;
}

const pages = fileURLToPath(new URL('../../e2e/pages/', import.meta.url));

const ADAPTER: Readonly<Record<Gpu, readonly string[]>> = { real: REAL_WEBGPU, swiftshader: SOFTWARE_WEBGPU };

/** Builds one test page as the product is built, serves it with the product's headers and opens it. */
export async function openLab({
  name,
  query = '',
  gpu,
  chromium: chosen,
  publicFiles = false,
  threads,
  profile,
}: LabOptions): Promise<Lab> {
  const executablePath = chosen ?? (await findChromium());
  if (!executablePath) throw new Error('There is no Chromium here. Install one, or name it with --chromium PATH.');
  const site = siteOf(name, publicFiles);
  await build(site);
  const server = await preview(mergeConfig(site, { preview: { host: '127.0.0.1', port: 0 } }));
  const launch = { executablePath, args: [...QUIET, ...ADAPTER[gpu]], timeout: 120_000 };
  const context = profile ? await chromium.launchPersistentContext(profile, launch) : undefined;
  const browser = context?.browser() ?? (await chromium.launch(launch));
  const memory = new ProcessMemory(browser);
  const close = async () => {
    memory.stop();
    await context?.close();
    await browser.close();
    await server.close();
  };
  try {
    const page = await (context ?? browser).newPage();
    page.on('pageerror', (error) => console.error(error.message));
    if (threads) {
      const session = await page.context().newCDPSession(page);
      await session.send('Emulation.setHardwareConcurrencyOverride', { hardwareConcurrency: threads });
    }
    await page.goto(new URL(`${name}.html${query}`, server.resolvedUrls?.local[0]).href);
    return { page, browser, memory, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Built with the app's own config. Of all test pages only one: the others belong to the browser tests. */
function siteOf(name: string, publicFiles: boolean): InlineConfig {
  const own: InlineConfig = {
    configFile: false,
    root: pages,
    publicDir: fileURLToPath(new URL('../../public', import.meta.url)),
    logLevel: 'error',
    build: {
      outDir: fileURLToPath(new URL(`../../.cache/lab/${name}`, import.meta.url)),
      emptyOutDir: true,
      copyPublicDir: publicFiles,
      rolldownOptions: { input: `${pages}${name}.html` },
    },
  };
  return mergeConfig<InlineConfig, InlineConfig>(app, own);
}
