// Runs all tests, or the files named, once: `npm test`, `npm test -- test/smoke`. The last line counts them. Before all tests comes the check; where it
// fails, the tests run nevertheless, and it counts as one failure.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = mkdtempSync(join(tmpdir(), 'supasnap-results-'));
const results = join(folder, 'results.json');
let stopped = false;
try {
  const checked = process.argv.length > 2 || (await run([join(root, 'scripts', 'check.mjs')])) === 0;
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const words = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${results}`, ...process.argv.slice(2)];
  const code = stopped ? 130 : await run([vitest, ...words]);
  const { passed, failed: failedTests, skipped } = count(read(results), code);
  const failed = failedTests + (checked ? 0 : 1);
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exitCode = code === 0 && failed > 0 ? 1 : code;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(words) {
  return new Promise((resolve, reject) => {
    const runner = spawn(process.execPath, words, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    runner.on('error', reject).on('close', (code, signal) => resolve(code ?? (signal ? 1 : 0)));
    for (const signal of ['SIGINT', 'SIGTERM']) {
      process.on(signal, () => {
        stopped = true;
        runner.kill(signal);
      });
    }
  });
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** A file that could not be loaded counts as one failure, and so does anything else that the runner calls one. */
function count(report, code) {
  const files = report?.testResults ?? [];
  const tests = files.flatMap(({ assertionResults }) => assertionResults);
  const number = (...states) => tests.filter(({ status }) => states.includes(status)).length;
  const broken = files.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = number('failed') + broken;
  return {
    passed: number('passed'),
    failed: code !== 0 && failed === 0 ? 1 : failed,
    skipped: number('skipped', 'pending', 'todo', 'disabled'),
  };
}
