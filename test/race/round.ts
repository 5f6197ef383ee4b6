import { cpSync, symlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { expect } from 'vitest';
import { quoteName, type ConnectionSettings, withClient } from '../../src/target/connection.ts';
import type { EmbeddedServer } from '../../src/target/embedded/server.ts';
import { type Ended, hasStackTrace, runProgram, startProgram } from '../crash/program.ts';
import { readDatabase } from '../crash/reading.ts';
import { createCaseDatabase } from '../postgres/case-database.ts';
import { type Project, withProject } from '../project.ts';
import type { Round, Runner } from './draw.ts';
import { follow, type Note, type OurRun, type State, type Told } from './model.ts';
import { fileOf, files, noteCount, releases, versionOf, written } from './scene.ts';

/** Where a round is played. The state folder, with its shadow server, is that of all. */
export interface Place {
  server: EmbeddedServer;
  target: ConnectionSettings;
  stateFolder: string;
}

export interface Result {
  exitCodes: (number | undefined)[];
  /** The newest applied release when all had ended. */
  left: number;
}

const database = 'race';
/** Each may wait for three others, on a machine that does other work too; a program that hangs is still told as such, well before the round's own limit. */
const limitMs = 600_000;
const urlOf = ({ user, password, host, port, database: name }: ConnectionSettings) =>
  `postgresql://${user}:${password}@${host}:${port}/${name}`;

export async function preparePlace(server: EmbeddedServer, stateFolder: string): Promise<Place> {
  return { server, stateFolder, target: await createCaseDatabase(server, database, []) };
}

/** Plays a round and judges it; throws with what every runner said where something is wrong. */
export const playRound = (place: Place, round: Round): Promise<Result> =>
  withFolder(place, async (project) => {
    await prepare(place, round.from, project);
    const folders = round.shared ? [project] : undefined;
    const ended = await withCopies(place, project, folders ? 0 : round.runners.length, async (copies) => {
      const start = (index: number) => run(round.runners[index]!, (copies[index] ?? project).folder, urlOf(place.target));
      if (!round.inTurn) return Promise.all(round.runners.map((_, index) => start(index)));
      const all: Ended[] = [];
      for (const index of round.runners.keys()) all.push(await start(index));
      return all;
    });
    const said = round.runners
      .map(({ words }, index) => `── ${words.join(' ')} ended with ${ended[index]!.exitCode}:\n${ended[index]!.output}`)
      .join('\n');
    try {
      for (const [index, one] of ended.entries()) judgeEnd(one, round.runners[index]!, hasCli(round));
      const byCli = ended.flatMap((one, index) => (round.runners[index]!.program === 'supabase' ? appliedByCli(one) : []));
      const left = await judge(place.target, round, byCli);
      const options = { folder: project.folder, url: urlOf(place.target), limitMs };
      const status = JSON.parse((await runProgram(['status', '--output-format', 'json'], options)).replace(/^Target: .*\n/, '')) as {
        unfinished: unknown[];
        problems: unknown[];
      };
      expect({ unfinished: status.unfinished, problems: status.problems }).toEqual({ unfinished: [], problems: [] });
      await runProgram(['migrate', '--yes'], options);
      expect(await judge(place.target, round, byCli), 'the newest release after a last migrate').toBe(releases.at(-1));
      return { exitCodes: ended.map(({ exitCode }) => exitCode), left };
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${said}`, { cause: error });
    }
  });

/** A database at that release, made once by the real program, and the project that made it; with a note that a user wrote since. */
async function prepare({ server, target, stateFolder }: Place, from: number, project: Project): Promise<void> {
  const saved = `${database}_${from}`;
  if (!prepared.has(`${server.port} ${from}`)) {
    await createFrom(server, undefined, database);
    await withFolder({ stateFolder }, async (maker) => {
      for (const release of releases.filter((one) => one <= from))
        await runProgram(['migrate', fileOf(release), '--yes'], { folder: maker.folder, url: urlOf(target), limitMs });
      prepared.set(
        `${server.port} ${from}`,
        Object.fromEntries(
          ['snapshots', 'rollback', 'docs'].flatMap((name) =>
            maker.list(`supabase/${name}`).map((file) => [`supabase/${name}/${file}`, maker.bytes(`supabase/${name}/${file}`)]),
          ),
        ),
      );
    });
    await createFrom(server, database, saved);
  }
  await createFrom(server, saved, database);
  for (const [path, bytes] of Object.entries(prepared.get(`${server.port} ${from}`)!)) project.write(path, bytes);
  await withClient(target, (client) => client.query(`insert into public.notes (id, body) values (${written}, 'late')`));
}

const prepared = new Map<string, Record<string, Buffer>>();

async function createFrom(server: EmbeddedServer, from: string | undefined, to: string): Promise<void> {
  await withClient(server.superuser, (client) => client.query(`drop database if exists ${quoteName(to)} with (force)`));
  if (from === undefined) await createCaseDatabase(server, to, []);
  else
    await withClient(server.superuser, (client) =>
      client.query(`create database ${quoteName(to)} template ${quoteName(from)} owner postgres`),
    );
}

const withFolder = <T>({ stateFolder }: Pick<Place, 'stateFolder'>, use: (project: Project) => Promise<T>): Promise<T> =>
  withProject(files, (project) => {
    symlinkSync(stateFolder, project.path('.supasnap'));
    return use(project);
  });

async function withCopies<T>(
  place: Place,
  project: Project,
  count: number,
  use: (copies: Project[]) => Promise<T>,
  made: Project[] = [],
): Promise<T> {
  if (made.length === count) return use(made);
  return withProject({}, (copy) => {
    cpSync(project.folder, copy.folder, { recursive: true, verbatimSymlinks: true });
    return withCopies(place, project, count, use, [...made, copy]);
  });
}

async function run({ program, words, afterMs }: Runner, folder: string, url: string): Promise<Ended> {
  await sleep(afterMs);
  if (program === 'supasnap') return startProgram(words, { folder, url, limitMs }).ended;
  const { exitCode, all, timedOut } = await execa('supabase', [...words, `--remote=${url}`], {
    cwd: folder,
    preferLocal: true,
    localDir: import.meta.dirname,
    stdin: 'ignore',
    reject: false,
    all: true,
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  return { exitCode, output: timedOut ? `${all}\nIt did not end within ${limitMs / 1000} s.` : all };
}

function judgeEnd({ exitCode, output }: Ended, { program, words }: Runner, withCli: boolean): void {
  const what = `${program} ${words.join(' ')}`;
  if (/It did not end within/.test(output)) throw new Error(`${what} hung.`);
  if (hasStackTrace(output)) throw new Error(`${what} shows a stack trace.`);
  if (program === 'supasnap' && /It is not known whether anything was changed/.test(output))
    throw new Error(`${what} met an error that it does not know.`);
  // The Supabase CLI does not wait for our lock: what it did right after us is told, and is not ours.
  if (exitCode === 4 && withCli && /Someone else changed the schema right after/.test(output)) return;
  if (exitCode === undefined || ![0, 1, 3].includes(exitCode)) throw new Error(`${what} ended with ${exitCode}.`);
}

/** It commits each file alone. */
function appliedByCli({ exitCode, output }: Ended): Told[] {
  const told = releases.filter((release) => output.includes(`Applying migration ${versionOf(release)}_`));
  return told.map((release, index) => ({ release, sure: exitCode === 0 || index < told.length - 1 }));
}

/** Every migration that history holds was done once, every other one not at all, and the rows are what the model says. Gives the newest applied release. */
async function judge(target: ConnectionSettings, round: Round, byCli: Told[]): Promise<number> {
  const found = await read(target);
  const newest = found.history.length;
  expect(found.history, 'history has the releases in order').toEqual(releases.slice(0, newest).map(versionOf));
  expect(
    found.runs.filter(({ status }) => status !== 'done'),
    'runs that are not done',
  ).toEqual([]);
  const model = follow(round.from, found.runs, byCli, newest);
  expect(found.tables, `what v0.${newest}.0 holds after: ${model.told()}`).toEqual(tablesOf(model.state));
  expect(
    (await readDatabase(target)).filter((line) => /but the copy holds|is in no list|and names snapshots/.test(line)),
    'kept rows and snapshots of runs',
  ).toEqual([]);
  return newest;
}

const hasCli = ({ runners }: Round) => runners.some(({ program }) => program === 'supabase');

interface Run extends OurRun {
  id: string;
  status: string;
}

function tablesOf({ applied, ledger, notes }: State): Awaited<ReturnType<typeof read>>['tables'] {
  const ids = [...notes.keys()].filter((id) => id <= noteCount).sort((one, other) => one - other);
  return {
    ledger: [...ledger].sort(([one], [other]) => one - other).map(([release, times]) => ({ migration: `v0_${release}_0`, times })),
    notes: [...notes.values()].sort((one, other) => one.id - other.id),
    made: Object.fromEntries(applied.slice(1).map((release) => [`made_${release}`, ids])),
  };
}

const read = (target: ConnectionSettings) =>
  withClient(target, async (client) => {
    const query = async <T>(sql: string) => (await client.query(sql)).rows as T[];
    const names = (
      await query<{ name: string }>(
        `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`,
      )
    ).map(({ name }) => name);
    const made: Record<string, number[]> = {};
    for (const name of names.filter((one) => !['ledger', 'notes'].includes(one)))
      made[name] = (await query<{ note: number }>(`select note from public.${quoteName(name)} order by note`)).map(({ note }) => note);
    const rows = <T>(name: string, order: string) =>
      names.includes(name) ? query<T>(`select * from public.${name} order by ${order}`) : [];
    return {
      history: (await query<{ version: string }>('select version from supabase_migrations.schema_migrations order by version')).map(
        ({ version }) => version,
      ),
      runs: await query<Run>('select id, kind, status, version, undone, restored from supabase_migrations.supasnap_runs order by id'),
      tables: {
        ledger: await rows<{ migration: string; times: number }>('ledger', 'migration'),
        notes: await rows<Note>('notes', 'id'),
        made,
      },
    };
  });
