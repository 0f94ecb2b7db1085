/**
 * Installs what a fresh clone lacks: the npm packages, and for the tests a browser. Plain Node without dependencies, since
 * it runs before any exist.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findChromium } from './chromium.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Runs a command in the repository's root, its output on ours and nothing on its stdin.
 *
 * @param {string} command
 * @param {string[]} args
 * @returns {boolean} whether it ended with status 0
 */
export function run(command, args) {
  // On Windows npm and npx are .cmd files, which only a shell can start.
  const shell = process.platform === 'win32';
  return spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], shell }).status === 0;
}

/** Runs `npm ci` if node_modules is missing or older than the lockfile. */
export function installPackages() {
  const installed = `${root}node_modules/.package-lock.json`;
  if (existsSync(installed) && modified(installed) >= modified(`${root}package-lock.json`)) return;
  console.log('Installing the npm packages ...');
  if (!run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'])) {
    fail('npm ci failed (its own lines are above). Check the network and `npm config get registry`, then try again.');
  }
}

/** Makes sure that findChromium() finds one, installing Chromium if it must. */
export async function installBrowser() {
  if (await findChromium()) return;
  console.log('Installing Chromium for the browser tests ...');
  for (const install of isDebianRoot() ? [byApt, byPlaywright] : [byPlaywright]) {
    if (install() && (await findChromium())) return;
  }
  fail(
    'No Chrome or Chromium was found, and none could be installed. Install one, or let STILLMOTION_CHROMIUM name its ' +
      'executable, then try again.',
  );
}

const byApt = () =>
  run('apt-get', ['update']) &&
  run('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-y', '--no-install-recommends', 'chromium']);

const byPlaywright = () => run('npx', ['playwright', 'install', 'chromium']);

/** Debian proper: Ubuntu's package of that name is a snap, which containers cannot run. */
const isDebianRoot = () =>
  process.getuid?.() === 0 &&
  existsSync('/etc/os-release') &&
  /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));

/** @param {string} path */
const modified = (path) => statSync(path).mtimeMs;

/**
 * Ends the program with a sentence for people.
 *
 * @param {string} message
 * @returns {never}
 */
export function fail(message) {
  console.error(`\n${message}`);
  process.exit(1);
}
