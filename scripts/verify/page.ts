import { chooseBackend } from '../../workers/inference/backend';
import { openNetwork } from '../../workers/inference/network';
import { loadRuntime } from '../../workers/inference/runtime';
import type { Check } from './check';
import { verifyNetworks } from './verify';

/** The browser's half of `npm run verify -- DIR --backend webgpu`; chromium.ts is the other. */

declare const report: (check: Check) => Promise<void>;
declare const finish: (error?: string) => Promise<void>;

const folder = '/reference-data/';

try {
  const paths = (await (await fetch(`${folder}index.json`)).json()) as string[];
  const runtime = await loadRuntime();
  const { device } = await chooseBackend('webgpu');
  const files = { paths, open: async (path: string) => (await fetch(folder + path)).blob() };
  const checks = verifyNetworks({
    files,
    open: async (graph, blobs) => openNetwork(runtime, graph, blobs, await device?.()),
  });
  for await (const check of checks) await report(check);
  await finish();
} catch (error) {
  await finish(String(error));
}
