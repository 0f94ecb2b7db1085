import type { Check } from '../../scripts/verify/check';
import { verifyNetworks } from '../../scripts/verify/verify';
import { chooseBackend } from '../../workers/inference/backend';
import { openNetwork } from '../../workers/inference/network';
import { loadRuntime } from '../../workers/inference/runtime';

/** The browser's half of `npm run verify -- DIR --backend webgpu`; scripts/verify/chromium.ts is the other. */
const verifyPage = {
  /** Checks the networks on WebGPU, and reports each check as it is done. */
  async run(): Promise<void> {
    const runtime = await loadRuntime();
    const { device } = await chooseBackend('webgpu');
    const paths = (await (await fetch(`${FOLDER}index.json`)).json()) as string[];
    const files = { paths, open: async (path: string) => (await fetch(FOLDER + path)).blob() };
    const checks = verifyNetworks({
      files,
      open: async (graph, blobs) => openNetwork(runtime, graph, blobs, await device?.()),
    });
    for await (const check of checks) await report(check);
  },
};

/** Where chromium.ts answers for the folder of reference data. */
const FOLDER = '/reference-data/';

declare const report: (check: Check) => Promise<void>;

Object.assign(globalThis, { verifyPage });
export type VerifyPage = typeof verifyPage;
