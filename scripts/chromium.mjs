/**
 * The Chromium that tests and tools run in: where it is, and how it is started.
 * In order: $STILLMOTION_CHROMIUM, an installed Chrome or Chromium, the one Playwright downloaded.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser', 'chrome.exe'];

/** For every start: no service of the browser's own, and no other host: what runs here, runs offline. */
export const QUIET = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

/** WebGPU without a GPU. SwiftShader has no shader-f16. */
export const SOFTWARE_WEBGPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

/** WebGPU on the machine's GPU, from a headless browser. */
export const REAL_WEBGPU = [
  '--enable-unsafe-webgpu',
  '--enable-features=Vulkan',
  '--use-angle=vulkan',
  '--ignore-gpu-blocklist',
];

/** Where macOS and Windows put it, off the PATH. */
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
];

/**
 * @returns {Promise<string | undefined>} the executable's path; undefined if there is none
 * @throws if $STILLMOTION_CHROMIUM names a file that does not exist
 */
export async function findChromium() {
  const chosen = process.env.STILLMOTION_CHROMIUM;
  if (chosen) {
    if (!existsSync(chosen)) throw new Error(`STILLMOTION_CHROMIUM names ${chosen}, and there is no such file.`);
    return chosen;
  }
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const installed = [...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))), ...PLACES];
  const { chromium } = await import('@playwright/test');
  return [...installed, chromium.executablePath()].find((path) => existsSync(path));
}
