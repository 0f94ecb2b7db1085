/**
 * `npm start [-- --port N]`: installs and builds what is missing or outdated, then serves dist/ on this machine only, with
 * the headers that cross-origin isolation needs.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fail, installPackages, root, run } from './setup.mjs';

/** What goes into dist/. */
const SOURCES = [
  'index.html',
  'package-lock.json',
  'vite.config.ts',
  'scripts/vite-csp.ts',
  'scripts/vite-model-index.ts',
  'public',
  'src',
  'workers',
];

const port = readPort();
installPackages();
if (isOutdated()) {
  console.log('Building the page ...');
  if (!run('npm', ['run', '--silent', 'build'])) fail('The build failed; its own lines are above.');
}
const { preview } = await import('vite');
// Vite takes the next free port where this one is in use.
const server = await preview({ root, logLevel: 'warn', preview: { host: '127.0.0.1', port } });
console.log(`Stillmotion is ready: open ${server.resolvedUrls?.local[0]} in Chrome or Edge. Ctrl+C stops it.`);

function readPort() {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '4173' } } });
  const number = Number(values.port);
  if (!Number.isInteger(number) || number < 1 || number > 65535) {
    fail(`--port must be a whole number from 1 to 65535, not "${values.port}".`);
  }
  return number;
}

/** True if dist/ is missing or any source is newer than it. */
function isOutdated() {
  const built = `${root}dist/index.html`;
  return !existsSync(built) || Math.max(...SOURCES.map((source) => newest(root + source))) > statSync(built).mtimeMs;
}

/**
 * The latest change of a file, or of anything below a folder; a folder's own time tells of deleted files.
 *
 * @param {string} path
 * @returns {number} milliseconds
 */
function newest(path) {
  if (!existsSync(path)) return 0;
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(path).map((name) => newest(`${path}/${name}`)));
}
