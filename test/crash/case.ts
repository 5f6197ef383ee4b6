import { setTimeout as sleep } from 'node:timers/promises';
import type { Crash, Moment, Phase } from './draw.ts';
import { type Ended, hasStackTrace, runProgram, startProgram } from './program.ts';
import { ofUsers, type Reading, readDatabase, withoutNumbers } from './reading.ts';
import { type Request, withRelay } from './relay.ts';
import { files } from './scene.ts';
import { beginsChange, type Stage, type Stages, urlOf } from './stages.ts';
import { type Strike, waitForSessions, withStrike } from './strike.ts';

/** What a crash left. */
export interface Outcome {
  left: 'before' | 'after';
  /** False when the program had ended before the moment came. */
  struck: boolean;
  /** How long the last of its sessions outlived the program, in milliseconds. */
  outlivedMs: number;
  /** The statement that was struck. */
  statement: string | undefined;
  exitCode: number | undefined;
}

/** Crashes one command, judges what is left, finishes the job and undoes it. Throws with the lines that differ. */
export async function runCrash(stages: Stages, crash: Crash): Promise<Outcome> {
  const stage = stages.of[crash.command];
  const { target, server } = stages;
  const comparable = crash.how === 'backend' ? withoutNumbers : (reading: Reading) => reading;
  const read = async () => comparable(await readDatabase(target));
  const [before, after] = [comparable(stage.before), comparable(stage.after)];
  return stage.withCopy(async (project) => {
    const place = { folder: project.folder, url: urlOf(target, server.port) };
    const { ended, ...struck } = await crashProgram(stages, stage, crash, project.folder);
    const outlivedMs = await waitForSessions(server, target);
    const left = judge(await read(), before, after);
    requireTruth(ended, left);

    await runProgram(['status'], place);
    const done = left === 'after' && crash.command === 'rollback';
    // "--steps 1" counts from where it is, so once it is done the same goal is named in another way.
    await runProgram(done ? ['rollback', 'v0.1.0', '--yes'] : stage.words, place);
    requireEqual('after the same command once more', await read(), after);
    await runProgram(crash.command === 'rollback' ? ['migrate', '--yes'] : ['rollback', '--steps', '1', '--yes'], place);
    requireEqual('after the opposite command', ofUsers(await read()), ofUsers(before));
    return { left, outlivedMs, ...struck, exitCode: ended.exitCode };
  });
}

/** The migration with a sleep before it, which the shadow does not have for want of rows: killed while the target sleeps. */
export const crashInLongStatement = ({ of, server, target }: Stages): Promise<Pick<Outcome, 'left' | 'outlivedMs'>> =>
  of.migrate.withCopy(async (project) => {
    const [file] = Object.keys(files.next);
    project.write(file!, `do $$ begin if exists (select from public.authors) then perform pg_sleep(60); end if; end $$;\n${project.read(file!)}`);
    let program: ReturnType<typeof startProgram>;
    const onRequest = async ({ sql, send }: Request) => {
      send();
      if (!sql.includes('pg_sleep')) return;
      await sleep(100);
      await program.kill();
    };
    await withRelay(target, onRequest, async (port) => {
      program = startProgram(of.migrate.words, { folder: project.folder, url: urlOf(target, port) });
      await program.ended;
    });
    const outlivedMs = await waitForSessions(server, target);
    return { left: judge(await readDatabase(target), of.migrate.before, of.migrate.after), outlivedMs };
  });

type Crashed = Pick<Outcome, 'struck' | 'statement'> & { ended: Ended };

const crashProgram = ({ server, target }: Stages, stage: Stage, { how, moment }: Crash, folder: string): Promise<Crashed> =>
  withStrike(server, target, how, async (strike) => {
    if (moment.in === 'time') return crashInTime(stage, moment, strike, { folder, url: urlOf(target, server.port) });
    return crashAtStatement(stage, moment, strike, { folder, server: target, url: (port) => urlOf(target, port) });
  });

async function crashInTime(stage: Stage, moment: Moment & { in: 'time' }, strike: Strike, place: { folder: string; url: string }): Promise<Crashed> {
  const program = startProgram(stage.words, place);
  let over = false;
  program.ended.then(() => (over = true));
  await program.said(beginsChange);
  await sleep(moment.share * stage.changeMs);
  const struck = !over;
  await strike(program, moment);
  return { struck, statement: undefined, ended: await program.ended };
}

async function crashAtStatement(stage: Stage, moment: Moment & { phase: Phase }, strike: Strike, place: { folder: string; server: { host: string; port: number }; url: (port: number) => string }): Promise<Crashed> {
  const isMoment = momentOf(stage, moment);
  let statement: string | undefined;
  let program: ReturnType<typeof startProgram>;
  const onRequest = async (request: Request) => {
    if (statement !== undefined || !isMoment(request.sql)) return request.send();
    statement = request.sql;
    await strikeIn(moment.phase, request, () => strike(program, { port: request.port }));
  };
  return withRelay(place.server, onRequest, async (port) => {
    program = startProgram(stage.words, { folder: place.folder, url: place.url(port) });
    const ended = await program.ended;
    return { struck: statement !== undefined, statement, ended };
  });
}

async function strikeIn(phase: Phase, request: Request, strike: () => Promise<void>): Promise<void> {
  if (phase.at === 'unsent') return strike();
  const answer = phase.at === 'answer lost' ? request.holdAnswer() : sleep(phase.ms);
  request.send();
  await answer;
  await strike();
}

/** Says of each statement in turn whether it is the one. The change begins with its own transaction. */
function momentOf(stage: Stage, moment: Moment & { phase: Phase }): (sql: string) => boolean {
  const start = stage.statements.findIndex((sql) => begins.test(sql));
  if (moment.in === 'commit') {
    const commits = stage.statements.filter((sql) => /^commit$/i.test(sql)).length;
    let left = moment.which === 'first' ? 1 : commits;
    return (sql) => /^commit$/i.test(sql) && --left === 0;
  }
  let left = moment.in === 'whole run' ? Math.ceil(moment.share * stage.statements.length) : Math.ceil(moment.share * (stage.statements.length - start));
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
  const all = [...found.filter((line) => !needs.has(line)).map((line) => `+ ${line}`), ...wanted.filter((line) => !has.has(line)).map((line) => `- ${line}`)];
  if (all.length === 0 && found.length !== wanted.length) return [`${found.length} lines instead of ${wanted.length}`];
  return all.length > 30 ? [...all.slice(0, 30), `… and ${all.length - 30} more`] : all;
}

/** A program that outlived its session says what is true, by its exit code too. */
function requireTruth({ exitCode, output }: Ended, left: 'before' | 'after'): void {
  const lie = (what: string) => new Error(`${what}, and the database is as ${left} it. Exit code ${exitCode}:\n${output}`);
  if (hasStackTrace(output)) throw lie('It shows a stack trace');
  if (/It did not end within/.test(output)) throw lie('It hung');
  if (exitCode === 0 && left === 'before') throw lie('It says that it is done');
  if ((exitCode === 1 || exitCode === 3) && left === 'after') throw lie('Its exit code says that nothing was changed');
}
