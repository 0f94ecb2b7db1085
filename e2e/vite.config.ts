import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vite';
import app from '../vite.config.ts';

/**
 * Builds the test pages: every e2e/pages/*.html becomes a page of a second site, which never ships. A test page brings one
 * worker or one part of the app before a real browser without the app around it.
 */
const pages = fileURLToPath(new URL('pages/', import.meta.url));

export default mergeConfig(
  app,
  defineConfig({
    root: pages,
    publicDir: fileURLToPath(new URL('../public', import.meta.url)),
    build: {
      outDir: fileURLToPath(new URL('../.cache/e2e-pages', import.meta.url)),
      emptyOutDir: true,
      rolldownOptions: {
        input: readdirSync(pages)
          .filter((file) => file.endsWith('.html'))
          .map((file) => pages + file),
      },
    },
  }),
);
