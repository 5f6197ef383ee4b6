// npm run bench [-- --json] [-- --only=one-file,many-files] [-- --runs=3] [-- --major=17] [-- --tables=1000] [-- --rows=1000000] [-- --files=200]
// npm run bench -- --against=<another checkout, with its dependencies installed>: the same commands of both, in turns
// What history weighs, and what reading it takes: npm run bench -- --only=manifests [--migrations=1000]
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
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
  const words = process.argv.slice(2);
  const other = words.find((word) => word.startsWith('--against='))?.slice('--against='.length);
  const { bench } = await import(pathToFileURL(join(outdir, 'bench.js')).href);
  const now = asInstalled(root, outdir);
  if (other === undefined) await bench(now, outdir, words);
  else await withOther(resolve(other), (before) => bench(now, outdir, words, before));
} finally {
  rmSync(outdir, { recursive: true, force: true });
}

/** Builds the other checkout by its own script; what it runs from lies inside it, so that its own dependencies are found. */
async function withOther(checkout, use) {
  execFileSync(process.execPath, [join(checkout, 'scripts', 'build.mjs')], { stdio: 'inherit' });
  const folder = mkdtempSync(join(checkout, 'dist', '.bench-'));
  try {
    await use(asInstalled(checkout, folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What an install has: scripts/ and dist/ without src/, so that no edit made meanwhile is built inside a measurement. */
function asInstalled(checkout, folder) {
  const installed = join(folder, 'package');
  cpSync(join(checkout, 'scripts'), join(installed, 'scripts'), { recursive: true });
  copyFileSync(join(checkout, 'package.json'), join(installed, 'package.json'));
  mkdirSync(join(installed, 'dist'));
  for (const name of readdirSync(join(checkout, 'dist')).filter((each) => /\.m?js$/.test(each)))
    copyFileSync(join(checkout, 'dist', name), join(installed, 'dist', name));
  const commit = execFileSync('git', ['describe', '--always', '--dirty'], { cwd: checkout, encoding: 'utf8' }).trim();
  return { root: installed, commit };
}
