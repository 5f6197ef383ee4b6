// Bundles src/ into dist/, so that a command starts with one file to read. Run by the scripts themselves when src/ is newer.
import { build } from 'esbuild';
import { copyFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');

export async function buildAll() {
  rmSync(dist, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: { main: 'src/cli/main.ts', index: 'src/index.ts' },
    outdir: dist,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['@supabase/pg-delta', '@electric-sql/pglite-tools', 'libpg-query', 'pg-native'],
    banner: { js: "import { createRequire as supasnapRequire } from 'node:module'; const require = supasnapRequire(import.meta.url);" },
    logLevel: 'warning',
  });
  copyFileSync(join(root, 'src/snapshot/pg-dump/worker.mjs'), join(dist, 'worker.mjs'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAll();
