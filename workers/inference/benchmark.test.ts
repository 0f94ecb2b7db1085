import * as ort from 'onnxruntime-web';
import { expect, test, vi } from 'vitest';
import { benchmark } from './benchmark';
import { openNetwork } from './network';

// Seconds of work, more on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

test.each(['float32', 'float16'] as const)('every operator runs in %s and has a speed', async (dtype) => {
  ort.env.wasm.numThreads = 1;
  const speeds = await benchmark(dtype, (graph) => openNetwork({ ort, readsBlobs: false }, graph, new Map()));
  // A CPU does more than a megaflop a second, and no machine a thousand petaflop.
  for (const speed of Object.values(speeds)) {
    expect(speed).toBeGreaterThan(1e6);
    expect(speed).toBeLessThan(1e18);
  }
});
