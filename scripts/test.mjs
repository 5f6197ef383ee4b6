// Runs all tests, or the files named, once: `npm test`, `npm test -- test/smoke`. The last line counts them.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = mkdtempSync(join(tmpdir(), 'supasnap-results-'));
const results = join(folder, 'results.json');
try {
  const code = await run(['run', '--reporter=default', '--reporter=json', `--outputFile.json=${results}`, ...process.argv.slice(2)]);
  const { passed, failed, skipped } = count(read(results), code);
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exitCode = code === 0 && failed > 0 ? 1 : code;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(words) {
  return new Promise((resolve, reject) => {
    const runner = spawn(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), ...words], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    runner.on('error', reject).on('close', (code, signal) => resolve(code ?? (signal ? 1 : 0)));
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => runner.kill(signal));
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
