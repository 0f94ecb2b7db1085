/**
 * `npm test`: installs what is missing, then runs every check there is and ends with one line, `N passed, N failed`.
 * Format and lint, types, and the build count as one check each. A suite that crashes or finds no tests is a failure.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { installBrowser, installPackages, root, run } from './setup.mjs';

const reports = `${root}.cache/reports`;
let passed = 0;
let failed = 0;

installPackages();
await installBrowser();
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });

check('Format and lint', 'lint');
check('Types', 'types');
suite('Unit tests', ['vitest', 'run'], 'vitest.json', (report) => [report.numPassedTests, report.numFailedTests]);
if (check('Build', 'build')) {
  suite('Browser tests', ['playwright', 'test'], 'playwright.json', ({ stats }) => [
    stats.expected,
    stats.unexpected + stats.flaky,
  ]);
} else {
  console.error('The browser tests did not run, since the build failed: that is a failure of theirs too.');
  count(0, 1);
}

console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/**
 * One npm script that counts as one check.
 *
 * @param {string} title
 * @param {string} script
 */
function check(title, script) {
  console.log(`\n== ${title}`);
  const ok = run('npm', ['run', '--silent', script]);
  count(ok ? 1 : 0, ok ? 0 : 1);
  return ok;
}

/**
 * A test runner that writes a JSON report, from which `read` takes how many tests passed and failed.
 *
 * @param {string} title
 * @param {string[]} command
 * @param {string} file
 * @param {(report: any) => [passed: number, failed: number]} read
 */
function suite(title, command, file, read) {
  console.log(`\n== ${title}`);
  const ok = run('npx', command);
  const report = `${reports}/${file}`;
  const [passes, failures] = existsSync(report) ? read(JSON.parse(readFileSync(report, 'utf8'))) : [0, 0];
  // A file that does not even load fails the suite without failing a test.
  const crashed = failures === 0 && (!ok || passes === 0);
  if (crashed) console.error(`${title}: ${passes === 0 ? 'no test ran.' : 'the suite itself failed; see above.'}`);
  count(passes, failures + (crashed ? 1 : 0));
}

/**
 * @param {number} passes
 * @param {number} failures
 */
function count(passes, failures) {
  passed += passes;
  failed += failures;
}
