import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runningServers } from '../../src/commands/embedded-servers.ts';
import { withClient } from '../../src/target/connection.ts';
import type { Project } from '../project.ts';
import type { Disk } from './disk.ts';
import type { Crash, Moment, Phase } from './draw.ts';
import { type Ended, hasStackTrace, runProgram, startProgram } from './program.ts';
import { ofUsers, type Reading, readDatabase, withoutNumbers } from './reading.ts';
import { type Request, withRelay } from './relay.ts';
import { files } from './scene.ts';
import { beginsChange, type Stage, type Stages, urlOf } from './stages.ts';
import { isFatal, type Strike, waitForSessions, withStrike } from './strike.ts';

/** Between is legal only for a migration that can't be one transaction, and only where history says how far it is. */
export type Left = 'before' | 'after' | 'between';

/** What a crash left. */
export interface Outcome {
  left: Left;
  /** False when the program had ended before the moment came. */
  struck: boolean;
  /** Whether the program could not take its journal away, and the next command told of it. */
  journalled: boolean;
  /** How long the last of its sessions outlived the program, in milliseconds. */
  outlivedMs: number;
  /** The statement that was struck. */
  statement: string | undefined;
  exitCode: number | undefined;
}

/** Crashes one command, judges what is left, finishes the job and undoes it. Throws with the lines that differ. */
export async function runCrash(stages: Stages, crash: Crash): Promise<Outcome> {
  const stage = stages.of[crash.command]!;
  const { target, server } = stages;
  const comparable = crash.how === 'backend' || crash.how === 'server' ? withoutNumbers : (reading: Reading) => reading;
  const read = async () => comparable(await readDatabase(target));
  const [before, after] = [comparable(stage.before), comparable(stage.after)];
  return stage.withCopy(crash.how, async (project, disk) => {
    const place = { folder: project.folder, url: urlOf(target, server.port) };
    const earlier = journalsIn(project);
    const { ended, ...struck } = await crashProgram(stages, stage, crash, { folder: project.folder, disk });
    const outlivedMs = await waitForSessions(server, target);
    const found = await read();
    const halfDone = await readHalfDone(stages);
    const left = halfDone && inSteps(crash) ? 'between' : judge(withoutFailed(found), before, after);
    requireTruth(
      ended,
      left,
      crash,
      left === 'before' || differences(found, before).length === 0 || (left === 'between' && isUndone(crash, halfDone!)),
    );

    const journals = journalsIn(project);
    requireJournal(
      journals.filter((name) => !earlier.includes(name)),
      ended,
    );
    const told = await runProgram(['status'], place);
    requireTold(told, journals.length > 0, left);
    requireNoLeftovers(project);

    const same = found.some((line) => failedRun.test(line)) ? ofUsers : (reading: Reading) => reading;
    await finish(
      crash,
      stage,
      left,
      halfDone,
      {
        place,
        reach: async (when, wanted, exact) =>
          requireEqual(when, exact ? same(await read()) : ofUsers(await read()), exact ? same(wanted) : ofUsers(wanted)),
      },
      { before: comparable(stage.undone ?? stage.before), after },
    );
    const running = runningServers(join(project.folder, '.supasnap'));
    if (running.length > 0) throw new Error(`Embedded servers are still running: ${running.map(({ name }) => name).join(', ')}`);
    return { left, outlivedMs, journalled: journals.length > 0, ...struck, exitCode: ended.exitCode };
  });
}

interface Finishing {
  place: { folder: string; url: string };
  /** Checks the database; not exactly: without our own record of what was done. */
  reach: (when: string, wanted: Reading, exact: boolean) => Promise<void>;
}

/** The next commands do what the crashed one was to do, then undo it; or, from between, the other way round. */
async function finish(
  { command, complete }: Crash,
  { words }: Stage,
  left: Left,
  halfDone: HalfDone | undefined,
  { place, reach }: Finishing,
  { before, after }: { before: Reading; after: Reading },
): Promise<void> {
  if (command === 'test') {
    await runProgram(words, place);
    return reach('after the test ran once more', before, true);
  }
  if (left === 'between') {
    const refusal = await runProgram(['migrate', '--yes'], place, 3);
    if (!refusal.includes('--resume') || !refusal.includes(halfDone!.snapshotBefore))
      throw new Error(`The next migrate names no way on:\n${refusal}`);
    if (complete === 'rollback') {
      await runProgram(['rollback', halfDone!.snapshotBefore, '--yes'], place);
      await reach('after the rollback of what was half done', before, false);
      await runProgram(['migrate', '--yes'], place);
      return reach('after it was migrated from its beginning', after, false);
    }
    await runProgram(['migrate', '--resume', '--yes'], place);
  } else {
    // Once it is done, there is nothing to resume, and "--steps 1" would count from where it is: the same goal is named in another way.
    const again = { rollback: ['rollback', 'v0.2.0_20260102000000', '--yes'], resume: ['migrate', '--yes'] } as Partial<
      Record<string, string[]>
    >;
    await runProgram((left === 'after' && again[command]) || words, place);
  }
  await reach('after the command that finishes it', after, true);
  await runProgram(command === 'rollback' ? ['migrate', '--yes'] : ['rollback', '--steps', '1', '--yes'], place);
  await reach('after the opposite command', before, false);
}

interface HalfDone {
  progress: { done: number; begun?: number } | null;
  snapshotBefore: string;
}

/** The last run, where it is a migration that history calls neither done nor failed without a trace. */
const readHalfDone = ({ target }: Stages): Promise<HalfDone | undefined> =>
  withClient(
    target,
    async (client) => {
      const { rows } = await client.query<HalfDone & { status: string }>(
        `select status, progress, snapshot_before as "snapshotBefore" from supabase_migrations.supasnap_runs r where id = (select max(id) from supabase_migrations.supasnap_runs)
         and kind = 'migrate' and status in ('applying', 'failed') and version not in (select version from supabase_migrations.schema_migrations)`,
      );
      const run = rows[0];
      return run && (run.status === 'applying' || (run.progress?.done ?? 0) > 0 || run.progress?.begun !== undefined) ? run : undefined;
    },
    { applicationName: 'crash test' },
  );

const inSteps = ({ command }: Crash) => command === 'migrate in steps' || command === 'resume';

/** Its row is there, and no step is done or begun. */
const isUndone = ({ command }: Crash, { progress }: HalfDone) =>
  command === 'migrate in steps' && progress?.done === 0 && progress.begun === undefined;

/** A run that failed with nothing done leaves its row, and no more. */
const failedRun = /^run \d+ migrate (failed|undone) /;
const withoutFailed = (reading: Reading): Reading => reading.filter((line) => !failedRun.test(line));

const journalsIn = (project: Project) => project.list('supabase/snapshots').filter((name) => name.startsWith('.run_'));

/** A program that came to its own end has said what there is to say, unless it could not find it out. */
function requireJournal(journals: string[], { exitCode, output }: Ended): void {
  const unknown = exitCode === undefined || /it is not known whether/.test(output);
  if (journals.length > (unknown ? 1 : 0))
    throw new Error(`Exit code ${exitCode}, and a journal is left: ${journals.join(', ')}\n${output}`);
}

/** The first command after it says what was cut off and what became of it, in words. */
function requireTold(told: string, journalled: boolean, left: Left): void {
  const words = {
    before: /was cut off .*Nothing of it (was committed|is left)/,
    after: /was cut off .*[Ii]t is (applied|rolled back) and recorded/,
    between: /was cut off .*migrate --resume/,
  }[left];
  if (journalled !== /was cut off/.test(told.replaceAll('the command was cut off', '')) || (journalled && !words.test(told)))
    throw new Error(
      `${journalled ? 'A journal was left' : 'No journal was left'}, the state is the one ${left}, and status says:\n${told}`,
    );
  if (left === 'between' && !told.includes('Unfinished migrate')) throw new Error(`It is half done, and status does not say so:\n${told}`);
}

function requireNoLeftovers(project: Project): void {
  const left = ['snapshots', 'rollback', 'docs'].flatMap((folder) =>
    project.list(`supabase/${folder}`).filter((name) => name.startsWith('.')),
  );
  if (left.length > 0) throw new Error(`After the next command these are still there: ${left.join(', ')}`);
}

/** The migration with a sleep before it, which the shadow does not have for want of that many rows: killed while the target sleeps. */
export const crashInLongStatement = ({ of, server, target }: Stages): Promise<Pick<Outcome, 'left' | 'outlivedMs' | 'struck'>> =>
  of.migrate.withCopy('program', async (project) => {
    const [file] = Object.keys(files.next);
    project.write(
      file!,
      `do $$ begin if (select count(*) from public.authors) = 60 then perform pg_sleep(60); end if; end $$;\n${project.read(file!)}`,
    );
    let program: ReturnType<typeof startProgram>;
    let struck = false;
    const onRequest = async ({ sql, send }: Request) => {
      send();
      if (!sql.includes('pg_sleep')) return;
      await sleep(100);
      struck = true;
      await program.kill();
    };
    await withRelay(target, onRequest, async ({ port }) => {
      program = startProgram(of.migrate.words, { folder: project.folder, url: urlOf(target, port) });
      await program.ended;
    });
    const outlivedMs = await waitForSessions(server, target);
    return { left: judge(await readDatabase(target), of.migrate.before, of.migrate.after), outlivedMs, struck };
  });

type Crashed = Pick<Outcome, 'struck' | 'statement'> & { ended: Ended };

const crashProgram = (
  { server, target, restart }: Stages,
  stage: Stage,
  crash: Crash,
  { folder, disk }: { folder: string; disk: Disk | undefined },
): Promise<Crashed> =>
  withStrike({ server, target, restart, disk }, crash, (strike) => {
    const place = { folder, server: target, url: (port: number) => urlOf(target, port) };
    return crash.moment.in === 'time'
      ? crashInTime(stage, crash.moment, strike, place)
      : crashAtStatement(stage, crash, crash.moment, strike, place);
  });

interface Place {
  folder: string;
  server: { host: string; port: number };
  url: (port: number) => string;
}

const crashInTime = (stage: Stage, { from, share, pick }: Moment & { in: 'time' }, strike: Strike, place: Place): Promise<Crashed> =>
  withRelay(
    place.server,
    async ({ send }) => send(),
    async (relay) => {
      const program = startProgram(stage.words, { folder: place.folder, url: place.url(relay.port) });
      let over = false;
      program.ended.then(() => (over = true));
      if (from === 'change') await program.said(beginsChange);
      await sleep(share * (from === 'change' ? stage.changeMs : stage.wholeMs));
      const struck = !over;
      if (struck) await strike({ program, relay, session: { pick } });
      return { struck, statement: undefined, ended: await program.ended };
    },
  );

async function crashAtStatement(
  stage: Stage,
  crash: Crash,
  moment: Moment & { phase: Phase },
  strike: Strike,
  place: Place,
): Promise<Crashed> {
  const isMoment = momentOf(stage, moment);
  let statement: string | undefined;
  let blow: (request: Request) => Promise<void>;
  const onRequest = async (request: Request) => {
    if (statement !== undefined || !isMoment(request.sql)) return request.send();
    statement = request.sql;
    await strikeIn(moment.phase, request, isFatal(crash), () => blow(request));
  };
  return withRelay(place.server, onRequest, async (relay) => {
    const program = startProgram(stage.words, { folder: place.folder, url: place.url(relay.port) });
    blow = ({ port }) => strike({ program, relay, session: { port } });
    const ended = await program.ended;
    return { struck: statement !== undefined, statement, ended };
  });
}

/** What the connection survives goes on: the statement is sent, and its answer handed over. */
async function strikeIn(phase: Phase, request: Request, fatal: boolean, strike: () => Promise<void>): Promise<void> {
  if (phase.at === 'unsent') {
    await strike();
    if (!fatal) request.send();
    return;
  }
  const answer = phase.at === 'answer lost' ? request.holdAnswer() : sleep(phase.ms);
  request.send();
  await answer;
  await strike();
  if (!fatal) request.release();
}

/** Says of each statement in turn whether it is the one. The change begins with its own transaction. */
function momentOf(stage: Stage, moment: Moment & { phase: Phase }): (sql: string) => boolean {
  const start = stage.statements.findIndex((sql) => begins.test(sql));
  if (moment.in === 'commit') {
    const commits = stage.statements.filter((sql) => /^commit$/i.test(sql)).length;
    let left = moment.which === 'first' ? 1 : commits;
    return (sql) => /^commit$/i.test(sql) && --left === 0;
  }
  let left =
    moment.in === 'whole run'
      ? Math.ceil(moment.share * stage.statements.length)
      : Math.ceil(moment.share * (stage.statements.length - start));
  let counting = moment.in === 'whole run';
  return (sql) => {
    counting ||= begins.test(sql);
    return counting && --left <= 0;
  };
}

const begins = /^begin isolation level read committed/;

/** Before or after, to the last line; anything else is told line by line against both. */
function judge(found: Reading, before: Reading, after: Reading): 'before' | 'after' {
  const [fromBefore, fromAfter] = [differences(found, before), differences(found, after)];
  if (fromBefore.length === 0) return 'before';
  if (fromAfter.length === 0) return 'after';
  throw new Error(`A third state.\nAgainst the state before:\n${fromBefore.join('\n')}\nAgainst the state after:\n${fromAfter.join('\n')}`);
}

function requireEqual(when: string, found: Reading, wanted: Reading): void {
  const lines = differences(found, wanted);
  if (lines.length > 0) throw new Error(`The database differs ${when}:\n${lines.join('\n')}`);
}

/** Lines that are too many (+) and missing (-); of many the first. */
function differences(found: Reading, wanted: Reading): string[] {
  const [has, needs] = [new Set(found), new Set(wanted)];
  const all = [
    ...found.filter((line) => !needs.has(line)).map((line) => `+ ${line}`),
    ...wanted.filter((line) => !has.has(line)).map((line) => `- ${line}`),
  ];
  if (all.length === 0 && found.length !== wanted.length) return [`${found.length} lines instead of ${wanted.length}`];
  return all.length > 30 ? [...all.slice(0, 30), `… and ${all.length - 30} more`] : all;
}

/** A program that outlived its session says what is true, by its exit code too. */
function requireTruth({ exitCode, output }: Ended, left: Left, { command, how, network }: Crash, untouched: boolean): void {
  const lie = (what: string) => new Error(`${what}, and the database is as ${left} it. Exit code ${exitCode}:\n${output}`);
  if (hasStackTrace(output)) throw lie('It shows a stack trace');
  if (/It did not end within/.test(output)) throw lie('It hung');
  if (how === 'network' && network.kind === 'delay' && exitCode !== 0) throw lie('Its connection was but slow');
  if (exitCode !== 0 && exitCode !== undefined && !/State: |not ok|FAIL/.test(output)) throw lie('It does not say how things are');
  if (command === 'test') return;
  if (exitCode === 0 && left !== 'after') throw lie('It says that it is done');
  if ((exitCode === 1 || exitCode === 3) && !untouched) throw lie('Its exit code says that nothing was changed');
}
