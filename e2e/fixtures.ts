import { test as base, expect } from '@playwright/test';
import { App } from './app';
import { TestHub } from './hub';

export { expect };

/**
 * Playwright's `test`, with more: `app` is the product's page, `pageUrl('encoder')` the address of e2e/pages/encoder.html,
 * `hub` a host of models on this machine, and a test fails if its page asks anything of another host or has an error that
 * nobody caught.
 */
export const test = base.extend<{
  app: App;
  pageUrl: (name: string) => string;
  hub: TestHub;
  /** Origins that a test's page may ask beside its own. */
  neighbours: string[];
  watch: undefined;
}>({
  app: async ({ page }, use) => {
    await use(new App(page));
  },
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from this pattern.
  pageUrl: async ({}, use) => {
    await use((name) => `http://127.0.0.1:${process.env.STILLMOTION_PAGES_PORT}/${name}.html`);
  },
  // biome-ignore lint/correctness/noEmptyPattern: as above.
  neighbours: async ({}, use) => {
    await use([]);
  },
  hub: async ({ neighbours }, use) => {
    const hub = await TestHub.start();
    neighbours.push(...hub.origins);
    await use(hub);
    await hub.close();
  },
  watch: [
    async ({ context, baseURL, pageUrl, neighbours }, use) => {
      const ours = [baseURL, pageUrl('')].map((url) => new URL(url ?? '').origin);
      const strangers: string[] = [];
      const errors: string[] = [];
      context.on('request', (request) => {
        const { protocol, origin } = new URL(request.url());
        if (protocol !== 'data:' && ![...ours, ...neighbours].includes(origin)) strangers.push(request.url());
      });
      context.on('weberror', (error) => errors.push(error.error().stack ?? error.error().message));
      await use(undefined);
      expect(strangers, 'requests that left the page’s own origin').toEqual([]);
      expect(errors, 'errors that nobody caught').toEqual([]);
    },
    { auto: true },
  ],
});
