// All that is checked without running the tool: `npm run check`. Every part runs, whatever the others found; the last line says which failed.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const parts = {
  format: ['@biomejs/biome/bin/biome', 'format', '.'],
  lint: ['@biomejs/biome/bin/biome', 'lint', '--error-on-warnings', '.'],
  types: ['typescript/bin/tsc', '-p', 'tsconfig.check.json'],
  architecture: ['vitest/vitest.mjs', 'run', '--config', 'test/architecture/vitest.config.ts'],
};

const failed = [];
let running;
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => {
    running?.kill(signal);
    process.exit(130);
  });
for (const [name, [program, ...words]] of Object.entries(parts)) if (!(await passes(program, words))) failed.push(name);
console.log(failed.length > 0 ? `Check failed: ${failed.join(', ')}` : `Check passed: ${Object.keys(parts).join(', ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;

function passes(program, words) {
  return new Promise((resolve, reject) => {
    running = spawn(process.execPath, [join(root, 'node_modules', program), ...words], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    running.on('error', reject).on('close', (code) => resolve(code === 0));
  });
}
