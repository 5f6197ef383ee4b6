// Starts a program of this package. In a clone dist/ is built first when it is missing, or older than the last pull, checkout or commit.
// After an edit: npm run build. Tests, quickstart and bench build it themselves.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bundle = join(root, 'dist', 'main.js');

export async function launch(name) {
  const words = process.argv.slice(2);
  // Other users see the words of a process, and a URL among them may hold a password.
  process.title = name;
  if (isStale()) await rebuild();
  const { main } = await import(pathToFileURL(bundle).href);
  process.exitCode = await main(name, words);
}

/** A package has no .git. In a clone each move of HEAD adds a line to its log. */
function isStale() {
  const built = modified(bundle);
  if (built === undefined) return true;
  const git = join(root, '.git');
  const found = statSync(git, { throwIfNoEntry: false });
  if (!found) return false;
  const folder = found.isDirectory()
    ? git
    : resolve(
        root,
        readFileSync(git, 'utf8')
          .replace(/^gitdir: /, '')
          .trim(),
      );
  return (modified(join(folder, 'logs', 'HEAD')) ?? modified(join(folder, 'HEAD')) ?? 0) >= built;
}

const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs;

export async function rebuild() {
  if (!existsSync(join(root, 'node_modules', 'esbuild'))) {
    process.stderr.write('Error: the dependencies of this clone are not installed.\n  Next:  npm ci\n');
    process.exit(2);
  }
  const { buildAll } = await import('./build.mjs');
  await buildAll();
}
