import type pg from 'pg';
import { failed, Problem } from '../errors.ts';
import { keepCost, refuseTooMuch } from '../kept/cost.ts';
import { noEffects } from '../kept/effects.ts';
import type { KeptItem } from '../kept/item.ts';
import type { PutBackReport } from '../kept/put-back.ts';
import { Unforeseen, type KeepData, type Kept } from '../kept/run.ts';
import { changesBetween, composed, planUndoing, removedSince, type Change, type Undoing } from './changes.ts';
import { carryOutJob, carryOutQueue } from './carry-out.ts';
import {
  copyMessages,
  countCopied,
  keepMissing,
  keptTables,
  lostFrom,
  markTables,
  messageTable,
  returnMessages,
  returnMissing,
} from './messages.ts';
import type { Definitions } from '../snapshot/definitions.ts';
import { readPlatformRows, queueTables, type Job, type PlatformRows, type Queue } from '../snapshot/jobs-and-queues.ts';
import { makeMissing } from './restore.ts';
import { readChanges, recordChanges, tableItems } from './record.ts';
import { jobName, jobs, queues } from './rows.ts';

export interface PlatformRun {
  /** Copies of the runs that this one undoes, newest first. */
  undoing: KeptItem[][];
  /** Tables known to lose rows, as in Effects. */
  foreseen: string[];
  keepData: KeepData;
  limitBytes: number;
  /** What to say where a job or a queue can't be made or removed. */
  state: string;
  /** Of a snapshot that this database never was in: what of it is to be made. */
  missing?: Definitions;
}

interface Known {
  jobs: Change<Job>[];
  queues: Change<Queue>[];
}

/**
 * Carries a run out with an eye on jobs and queues: what the runs that it undoes did to them is undone, what it does itself is noted, and messages that go are
 * kept. `run` gets the copies that are of tables of users. All of it in the transaction that is open. Throws Unforeseen where messages went that were not kept.
 */
export async function withPlatformRows<R extends Pick<Kept, 'kept' | 'reports' | 'waiting'>>(
  client: pg.Client,
  options: PlatformRun,
  run: (undoing: KeptItem[][]) => Promise<R>,
): Promise<R> {
  const { undoing, keepData } = options;
  const start = await readPlatformRows(client);
  const known: Known = {
    jobs: composed(jobs, await readChanges<Job>(client, 'jobs', undoing)),
    queues: composed(queues, await readChanges<Queue>(client, 'queues', undoing)),
  };
  const copies = keepData === 'never' ? [] : await copyGoing(client, start, known, options);
  const tables = (start.queues ?? []).flatMap(keptTables);
  const marks = await markTables(client, tables);
  const result = await run(tableItems(undoing));
  const lost =
    keepData === 'never' ? [] : (await lostFrom(client, marks)).filter((table) => !copies.some((copy) => copy.table.name === table));
  if (lost.length > 0) throw new Unforeseen(lost.map(messageTable));
  const reports = await orRefused(options.state, async () => [
    ...(await undoJobs(client, known.jobs, start)),
    ...(await undoQueues(
      client,
      known.queues,
      start,
      undoing.flat().filter(({ fate }) => fate === 'messages'),
      keepData,
    )),
    ...(await make(client, options.missing)),
  ]);
  const now = await readPlatformRows(client);
  // What has no place here waits on, in its copy.
  for (const { relation, fate } of undoing.flat())
    if ((fate === 'jobs' && !now.jobs) || ((fate === 'queues' || fate === 'messages') && !now.queues)) result.waiting.set(relation, []);
  const kept = await settled(client, copies, start, now, known);
  return { ...result, kept: [...result.kept, ...kept], reports: [...result.reports, ...reports] };
}

/** Messages of queues that will go, and of those that were seen to lose some when this was tried before. */
async function copyGoing(
  client: pg.Client,
  start: PlatformRows,
  known: Known,
  { foreseen, keepData, limitBytes, state }: PlatformRun,
): Promise<KeptItem[]> {
  const going = (start.queues ?? []).filter(
    (queue) =>
      known.queues.some(({ before, after }) => before === null && after && queues.same(after, queue)) ||
      keptTables(queue).some((table) => foreseen.includes(messageTable(table))),
  );
  if (keepData === 'auto')
    refuseTooMuch(await keepCost(client, [{ ...noEffects, written: going.flatMap(keptTables).map(messageTable) }]), limitBytes, state);
  const copies: KeptItem[] = [];
  for (const queue of going) copies.push(...(await copyMessages(client, queue)));
  return copies;
}

/** What the run did is noted; of messages that are still there no copy is needed. */
async function settled(client: pg.Client, copies: KeptItem[], start: PlatformRows, now: PlatformRows, known: Known): Promise<KeptItem[]> {
  const kept: (KeptItem | undefined)[] = [
    await recordChanges(client, 'jobs', [
      ...changesBetween(jobs, start.jobs ?? [], now.jobs ?? []),
      ...removedSince(jobs, known.jobs, start.jobs ?? []),
    ]),
    await recordChanges(client, 'queues', changesBetween(queues, start.queues ?? [], now.queues ?? [])),
  ];
  for (const copy of copies) if (await keepMissing(client, copy)) kept.push(copy);
  return kept.filter((item) => item !== undefined);
}

async function undoJobs(client: pg.Client, changes: Change<Job>[], start: PlatformRows): Promise<PutBackReport[]> {
  if (changes.length === 0) return [];
  const { jobs: now } = await readPlatformRows(client);
  if (!now) return [{ ...none('cron.job'), told: ['jobs are not brought back, for there is no pg_cron here; what they were is kept'] }];
  const plan = planUndoing(jobs, changes, start.jobs ?? [], now);
  for (const action of plan.actions) await carryOutJob(client, action);
  return reportOf('cron.job', plan, jobName, 'job', 'kept');
}

async function undoQueues(
  client: pg.Client,
  changes: Change<Queue>[],
  start: PlatformRows,
  copies: KeptItem[],
  keepData: KeepData,
): Promise<PutBackReport[]> {
  if (changes.length + copies.length === 0) return [];
  const { queues: now } = await readPlatformRows(client);
  if (!now)
    return [{ ...none('pgmq.meta'), told: ['queues are not brought back, for there is no pgmq here; what they were and held is kept'] }];
  const plan = planUndoing(queues, changes, start.queues ?? [], now);
  for (const action of plan.actions) await carryOutQueue(client, action);
  const gone = changes.flatMap(({ before, after }) => (before !== null && after === null ? [before] : []));
  const reports = reportOf(
    'pgmq.meta',
    plan,
    ({ name }) => name,
    'queue',
    keepData === 'never' ? 'its messages are gone for good (--keep-data never)' : 'kept with its messages',
  );
  for (const copy of copies) {
    const queue = gone.find(({ name }) => queueTables(name).includes(copy.table.name));
    const taken = queue !== undefined && plan.taken.includes(queue);
    const count = taken ? 0 : queue ? await returnMessages(client, copy) : await returnMissing(client, copy);
    const left = taken ? await countCopied(client, copy) : 0;
    const messages = (number: number) => `${number} message${number === 1 ? '' : 's'}`;
    if (count > 0)
      reports.push({ ...none(`pgmq.${copy.table.name}`), returned: count, told: [`pgmq.${copy.table.name}: ${messages(count)} put back`] });
    if (left > 0)
      reports.push({
        ...none(`pgmq.${copy.table.name}`),
        uncertain: left,
        told: [`pgmq.${copy.table.name}: ${messages(left)} of the old queue not put back; kept`],
      });
  }
  return reports;
}

async function make(client: pg.Client, missing: Definitions | undefined): Promise<PutBackReport[]> {
  const told = missing ? await makeMissing(client, missing) : [];
  return told.length > 0 ? [{ ...none('cron.job'), told }] : [];
}

const none = (table: string): PutBackReport => ({ table, returned: 0, removed: 0, newer: 0, uncertain: 0, unmatched: 0 });

function reportOf<T extends object>(
  table: string,
  { actions, taken, changed }: Undoing<T>,
  name: (what: T) => string,
  word: string,
  kept: string,
): PutBackReport[] {
  const told = [
    ...actions.map((action) =>
      'remove' in action
        ? `${word} ${name(action.remove)} removed; ${kept}`
        : 'change' in action
          ? `${word} ${name(action.into)} as it was`
          : `${word} ${name(action.create)} is back`,
    ),
    ...changed.map(
      ({ what, goes }) =>
        `${word} ${name(what)}: users changed it since; ${goes ? 'it comes back as they had it when the migration is applied again' : 'what they changed stays'}`,
    ),
    ...taken.map((what) => `${word} ${name(what)}: users made another of that name since, which stays; the old one is kept`),
  ];
  if (told.length === 0) return [];
  return [
    {
      ...none(table),
      returned: actions.filter((action) => !('remove' in action)).length,
      removed: actions.filter((action) => 'remove' in action).length,
      newer: changed.filter(({ goes }) => !goes).length,
      uncertain: taken.length,
      told,
    },
  ];
}

async function orRefused<T>(state: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    const { severity, code, message } = error as { severity?: string; code?: string; message: string };
    if (error instanceof Problem || severity === undefined) throw error;
    throw failed('sql_failed', `A job or a queue could not be brought back: ${message} (${code})`, {
      state,
      next: 'See to it that this role may do that (cron.schedule, cron.unschedule, cron.alter_job, pgmq.create, pgmq.drop_queue), then run the command again.',
      cause: error,
    });
  }
}
