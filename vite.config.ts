import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { contentSecurityPolicy } from './scripts/vite-csp.ts';
import { modelIndex } from './scripts/vite-model-index.ts';
import { restRelay } from './scripts/vite-relay.ts';

/** Cross-origin isolation: without it there is no SharedArrayBuffer, and wasm runs on one thread. */
const isolated = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default defineConfig({
  // A missing model file must be a 404, not index.html.
  appType: 'mpa',
  plugins: [react(), modelIndex(), contentSecurityPolicy(), restRelay()],
  build: { target: 'esnext' },
  worker: { format: 'es' },
  // Both find their own wasm and workers by import.meta.url, which pre-bundling would move.
  optimizeDeps: { exclude: ['onnxruntime-web', '@ffmpeg/ffmpeg', '@ffmpeg/core'] },
  // Which other origins may call the REST APIs is the user's word; Vite would let every port of this machine.
  server: { headers: isolated, cors: false },
  preview: { headers: isolated, cors: false },
  test: {
    environment: 'node',
    reporters: ['default', ['json', { outputFile: '.cache/reports/vitest.json' }]],
    include: ['src/**/*.test.{ts,tsx}', 'workers/**/*.test.ts', 'scripts/**/*.test.ts'],
  },
});
