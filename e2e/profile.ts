import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type LaunchOptions, type Page } from '@playwright/test';

/** A browser with a profile on disk, which may be killed and started again. */
export class Profile {
  #context: BrowserContext | undefined;

  private constructor(
    readonly folder: string,
    readonly options: LaunchOptions,
    readonly url: string,
  ) {}

  /** @param url of the page it opens at every start */
  static async create(options: LaunchOptions, url: string): Promise<Profile> {
    return new Profile(await mkdtemp(join(tmpdir(), 'stillmotion-profile-')), options, url);
  }

  async start(): Promise<Page> {
    this.#context = await chromium.launchPersistentContext(this.folder, this.options);
    const page = this.#context.pages()[0] ?? (await this.#context.newPage());
    await page.goto(this.url);
    return page;
  }

  /** As a crash or the task manager ends it: no process of it gets to tidy up. */
  async kill(): Promise<void> {
    const context = this.#context as BrowserContext;
    const session = await (
      context.browser() as NonNullable<ReturnType<BrowserContext['browser']>>
    ).newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const ended = new Promise((resolve) => context.once('close', resolve));
    process.kill(processInfo.find(({ type }) => type === 'browser')?.id as number, 'SIGKILL');
    await ended;
  }

  async remove(): Promise<void> {
    await this.#context?.close();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
