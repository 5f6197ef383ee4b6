// Bundles src/ into dist/, so that a command starts with one file to read. After an edit: npm run build.
import { build } from 'esbuild';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const hour = 3_600_000;

/**
 * Other commands may be running from dist/ and others may be building it: files are made aside and moved in one by one, the
 * entry points last, and pieces of an earlier build stay for an hour.
 */
export async function buildAll() {
  const started = new Date();
  mkdirSync(dist, { recursive: true });
  const aside = mkdtempSync(join(root, 'dist', '.making-'));
  try {
    await bundle(aside);
    const names = readdirSync(aside).sort((a, b) => isEntry(a) - isEntry(b));
    for (const name of names) {
      // As old as the sources that were read: what was edited meanwhile is newer.
      utimesSync(join(aside, name), started, started);
      renameSync(join(aside, name), join(dist, name));
    }
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  for (const name of readdirSync(dist)) {
    const age = started.getTime() - (statSync(join(dist, name), { throwIfNoEntry: false })?.mtimeMs ?? started.getTime());
    if (name !== 'types' && age > hour) rmSync(join(dist, name), { recursive: true, force: true });
  }
}

const isEntry = (name) => (name === 'main.js' ? 2 : name === 'index.js' ? 1 : 0);

async function bundle(outdir) {
  await build({
    absWorkingDir: root,
    entryPoints: { main: 'src/cli/main.ts', index: 'src/index.ts' },
    outdir,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['@supabase/pg-delta', '@electric-sql/pglite-tools', 'libpg-query', 'pg-native'],
    banner: { js: "import { createRequire as supasnapRequire } from 'node:module'; const require = supasnapRequire(import.meta.url);" },
    logLevel: 'warning',
  });
  copyFileSync(join(root, 'src/snapshot/pg-dump/worker.mjs'), join(outdir, 'worker.mjs'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(dist, { recursive: true, force: true });
  await buildAll();
}
