// npm run bench [-- --json] [-- --only=one-file,many-files] [-- --runs=3] [-- --major=17] [-- --tables=1000] [-- --files=200]
import { build } from 'esbuild';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildAll } from '../scripts/build.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
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
  const { bench } = await import(pathToFileURL(join(outdir, 'bench.js')).href);
  await bench(root, outdir, process.argv.slice(2));
} finally {
  rmSync(outdir, { recursive: true, force: true });
}
