import { createServer } from 'node:net';
import { defineConfig } from '@playwright/test';
import { findChromium, QUIET, SOFTWARE_WEBGPU } from './scripts/chromium.mjs';

const executablePath = await findChromium();
if (!executablePath) throw new Error('There is no Chromium to test in: `npm test` installs one.');

// Playwright reads this file once per process; the ports that the first one chose reach the others in the environment.
process.env.STILLMOTION_APP_PORT ??= await freePort();
process.env.STILLMOTION_PAGES_PORT ??= await freePort();
const { STILLMOTION_APP_PORT: appPort, STILLMOTION_PAGES_PORT: pagesPort } = process.env;

export default defineConfig({
  testDir: 'e2e',
  forbidOnly: Boolean(process.env.CI),
  // A small machine has two cores, and one clip uses both.
  workers: 1,
  timeout: 5 * 60_000,
  expect: { timeout: 30_000 },
  reporter: [['list'], ['json', { outputFile: '.cache/reports/playwright.json' }]],
  use: { baseURL: `http://127.0.0.1:${appPort}`, trace: 'off' },
  projects: [
    {
      name: 'wasm',
      testIgnore: '**/*.webgpu.spec.ts',
      use: { launchOptions: { executablePath, args: QUIET } },
    },
    {
      name: 'webgpu',
      testMatch: '**/*.webgpu.spec.ts',
      use: { launchOptions: { executablePath, args: [...QUIET, ...SOFTWARE_WEBGPU] } },
    },
  ],
  webServer: [
    {
      // The product as built: `npm run e2e` builds it first.
      command: `npx vite preview --host 127.0.0.1 --strictPort --port ${appPort}`,
      url: `http://127.0.0.1:${appPort}`,
    },
    {
      command: `npx vite build --config e2e/vite.config.ts && npx vite preview --config e2e/vite.config.ts --host 127.0.0.1 --strictPort --port ${pagesPort}`,
      url: `http://127.0.0.1:${pagesPort}/encoder.html`,
    },
  ],
});

/** A port that nothing listens on, so that two runs on one machine do not meet. */
function freePort(): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(String(typeof address === 'object' && address?.port)));
    });
  });
}
