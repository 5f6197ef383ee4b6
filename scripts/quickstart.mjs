// The example project on the embedded PostgreSQL: applied, tested, rolled back and applied again. Each step is the real command.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rebuild } from './launch.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const first = 'v0.7.0_20251026211500';

if (Number(process.versions.node.split('.')[0]) < 20) stop(`Node.js 20 or newer is needed; this is ${process.versions.node}.`, 2);
if (!existsSync(join(root, 'node_modules', '.package-lock.json'))) {
  say('Nothing is installed yet. This takes a minute, once.');
  await step('npm ci', npm(['ci', '--no-audit', '--no-fund']));
}

// What was edited since is not known to the programs.
if (existsSync(join(root, 'src'))) await rebuild();

say('1. Apply the example project. PostgreSQL comes with it and keeps its data in .supasnap/.');
await program('db-migrate', '--embedded', '--yes');

say('2. Run the smoke test of the newest version.');
await program('db-test', '--embedded');

say('3. Go back to the very first snapshot: the database before any migration.');
await program('db-rollback', first, '--embedded', '--yes');

say('4. Apply everything again.');
await program('db-migrate', '--embedded', '--yes');

process.stdout.write(`
That is the whole circle, each way proven before the database was touched.

Try next:
  ./scripts/db-status                      what is applied, and whether anything differs
  ./scripts/db-rollback --list             the snapshots to go back to
  ./scripts/db-rollback v0.7.0 --dry-run   a way back, planned and proven, with nothing changed
  ./scripts/db-new v0.9.0 my_first_change  a migration of your own, with its smoke test
To read: supabase/docs/MIGRATIONS.md, supabase/snapshots/, supabase/rollback/

PostgreSQL goes on running. To stop it: ./scripts/db-stop
To begin anew: ./scripts/db-stop, then delete .supasnap/
`);

function program(name, ...words) {
  return step(`./scripts/${[name, ...words].join(' ')}`, [process.execPath, [join(root, 'scripts', name), ...words]]);
}

function npm(words) {
  const script = process.env.npm_execpath;
  return script ? [process.execPath, [script, ...words]] : ['npm', words, { shell: process.platform === 'win32' }];
}

/** Shows the command, runs it, and goes on only when it went well. */
async function step(shown, [file, words, options]) {
  process.stdout.write(`$ ${shown}\n`);
  const code = await new Promise((resolve) => {
    spawn(file, words, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options })
      .on('error', (error) => stop(`${file} can't be run: ${error.message}`, 1))
      .on('close', (code, signal) => resolve(code ?? (signal ? 1 : 0)));
  });
  if (code !== 0) stop(`Stopped here: the command above ended with ${code}. Its last lines say why and what to do.`, code);
}

function say(text) {
  process.stdout.write(`\n${text}\n`);
}

function stop(text, code) {
  process.stderr.write(`\n${text}\n`);
  process.exit(code);
}
