import type pg from 'pg';
import { refuseAltered, wrongColumns, type WrongColumn } from '../history/columns.ts';
import { halfDone } from '../history/half-done.ts';
import { lockKey } from '../target/lock.ts';
import type { Progress } from './migrate-outside.ts';
import { readRuns, type BriefRun } from './status-history.ts';

/** A migrate or rollback that did not come to its end, and what to do about it. */
export interface UnfinishedRun {
  id: string;
  kind: 'migrate' | 'rollback';
  /** The migration, or the snapshot that was gone back to. */
  what: string;
  startedAt: string;
  /** True while the session that does it is still there. */
  running: boolean;
  /** It stopped between its steps. */
  halfWay: boolean;
  /** What is true now, as one sentence. */
  state: string;
  next: string;
}

/** The session that holds the runner's lock; undefined when no migrate or rollback is at work. */
export async function readRunner(client: pg.Client): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>(
    `select pid from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())
       and classid = ($1::bigint >> 32)::oid and objid = ($1::bigint & 4294967295)::oid limit 1`,
    [lockKey],
  );
  return rows[0]?.pid;
}

/** The runs that were cut off; none where the target has no history of ours. */
export async function readUnfinished(client: pg.Client): Promise<UnfinishedRun[]> {
  const past = await readPast(client);
  return unfinishedRuns(past, undefined).length > 0 ? unfinishedRuns(past, await readRunner(client)) : [];
}

/** What tells whether runs came to their end: all of them in the order of their numbers, and what history records. */
export interface Past {
  runs: BriefRun[];
  applied: { version: string }[];
}

/** Nothing where the target has no history of ours. */
export async function readPast(client: pg.Client): Promise<Past> {
  const { rows } = await client.query<{ ours: boolean; theirs: boolean; wrong: WrongColumn[] | null }>(
    `select to_regclass('supabase_migrations.supasnap_runs') is not null as ours, to_regclass('supabase_migrations.schema_migrations') is not null as theirs, (${wrongColumns}) as wrong`,
  );
  const { ours, theirs, wrong } = rows[0]!;
  refuseAltered(wrong);
  return {
    runs: ours ? await readRuns(client) : [],
    applied: theirs ? (await client.query<{ version: string }>('select version from supabase_migrations.schema_migrations')).rows : [],
  };
}

/** The runs that were cut off, oldest first. */
export function unfinishedRuns({ runs, applied }: Past, runner: number | undefined): UnfinishedRun[] {
  const open = new Set(halfDone(runs, applied));
  return runs.flatMap((run, index): UnfinishedRun[] => {
    const isLast = index === runs.length - 1;
    // One that is resumed need not be the last.
    const running = runner !== undefined && (isLast || run.status === 'applying');
    const told = describe(run, open.has(run), isLast);
    if (!told) return [];
    const { id, kind, startedAt } = run;
    const what = (kind === 'migrate' ? [run.version, run.name].filter(Boolean).join('_') : run.version) ?? '';
    if (running && run.status !== 'failed') {
      return [
        {
          id,
          kind,
          what,
          startedAt,
          running,
          halfWay: false,
          state: `It is being done now, by session ${runner}.`,
          next: 'Wait until it is done, then look again: npx supasnap status',
        },
      ];
    }
    return [{ id, kind, what, startedAt, running: false, ...told }];
  });
}

function describe(run: BriefRun, halfWay: boolean, isLast: boolean): { halfWay: boolean; state: string; next: string } | undefined {
  const back = `npx supasnap rollback ${run.snapshotBefore ?? '--list'}`;
  if (run.status === 'applied' && !run.snapshotAfter && isLast) {
    return run.kind === 'migrate'
      ? {
          halfWay,
          state: 'It is applied and recorded; the command was cut off before it took the snapshot after.',
          next: `Nothing has to be mended: the next migrate takes a snapshot first. To go back: ${back}`,
        }
      : {
          halfWay,
          state: 'It is rolled back and recorded; the command was cut off before it took the snapshot after.',
          next: `Nothing has to be mended: the next command takes a snapshot first. To undo it: ${back}`,
        };
  }
  if (!halfWay) return undefined;
  const steps = run.progress as Partial<Progress> | null;
  const done = steps?.of ? `${steps.done} of its ${steps.of} steps are done` : 'It is not known to have completed a step';
  return {
    halfWay,
    state: `${done}; it is not recorded as applied.`,
    next: `Go on with it: npx supasnap migrate --resume. Or go back to the state before it: ${back}`,
  };
}
