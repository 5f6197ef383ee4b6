// Starts a program of this package. In a clone dist/ is built first when it is missing or older than src/.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bundle = join(root, 'dist', 'main.js');

export async function launch(name) {
  const words = process.argv.slice(2);
  // Other users see the words of a process, and a URL among them may hold a password.
  process.title = name;
  if (existsSync(join(root, 'src')) && isStale()) await rebuild();
  const { main } = await import(pathToFileURL(bundle).href);
  process.exitCode = await main(name, words);
}

function isStale() {
  if (!existsSync(bundle)) return true;
  const built = statSync(bundle).mtimeMs;
  return readdirSync(join(root, 'src'), { recursive: true }).some(
    (file) => /\.(ts|mjs)$/.test(file) && statSync(join(root, 'src', file)).mtimeMs > built,
  );
}

async function rebuild() {
  if (!existsSync(join(root, 'node_modules', 'esbuild'))) {
    process.stderr.write('Error: the dependencies of this clone are not installed.\n  Next:  npm ci\n');
    process.exit(2);
  }
  const { buildAll } = await import('./build.mjs');
  await buildAll();
}
