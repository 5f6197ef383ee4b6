// npm run bench [-- --json] [-- --only=one-file,many-files] [-- --runs=3] [-- --major=17] [-- --tables=1000] [-- --rows=1000000] [-- --files=200]
import { build } from 'esbuild';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildAll } from '../scripts/build.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// npm puts the Supabase CLI of this package there; its advisors are no part of what is measured.
process.env.PATH = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !/node_modules[\\/]\.bin$/.test(folder))
  .join(delimiter);
await buildAll();
mkdirSync(join(root, 'dist'), { recursive: true });
const outdir = mkdtempSync(join(root, 'dist', '.bench-'));
try {
  await build({
    absWorkingDir: root,
    entryPoints: ['bench/bench.ts', 'bench/dump.ts', 'bench/run-sql.ts'],
    outdir,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['@supabase/pg-delta', '@electric-sql/pglite-tools', 'libpg-query', 'pg-native'],
    banner: { js: "import { createRequire as benchRequire } from 'node:module'; const require = benchRequire(import.meta.url);" },
    logLevel: 'warning',
  });
  copyFileSync(join(root, 'src/snapshot/pg-dump/worker.mjs'), join(outdir, 'worker.mjs'));
  const installed = join(outdir, 'package');
  copyAsInstalled(installed);
  const { bench } = await import(pathToFileURL(join(outdir, 'bench.js')).href);
  await bench(installed, outdir, process.argv.slice(2));
} finally {
  rmSync(outdir, { recursive: true, force: true });
}

/** What an install has: scripts/ and dist/ without src/, so that no edit made meanwhile is built inside a measurement. */
function copyAsInstalled(folder) {
  cpSync(join(root, 'scripts'), join(folder, 'scripts'), { recursive: true });
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  mkdirSync(join(folder, 'dist'));
  for (const name of readdirSync(join(root, 'dist')).filter((each) => /\.m?js$/.test(each)))
    copyFileSync(join(root, 'dist', name), join(folder, 'dist', name));
}
