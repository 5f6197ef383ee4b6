import type pg from 'pg';
import type { KeptItem } from '../kept/item.ts';
import type { KeepData } from '../kept/run.ts';
import { changesBetween, composed, planUndoing, type Change, type Undoing } from './changes.ts';
import type { RehearsedRows } from './on-shadow.ts';
import { readPlatformRows, queueTables, type Job, type Queue } from '../snapshot/jobs-and-queues.ts';
import { readChanges } from './record.ts';
import { jobName, jobs, queues } from './rows.ts';

const nameOfJob = (job: Job) => `job ${jobName(job)}`;
const nameOfQueue = ({ name }: Queue) => `queue ${name}`;

/** What a change did to jobs and queues where it was rehearsed: "makes job nightly", "drops queue mail". */
export function changesInWords({ start, reached }: RehearsedRows): string[] {
  const words = <T extends object>(changes: Change<T>[], name: (what: T) => string, [makes, drops]: [string, string]) =>
    changes.map(({ before, after }) =>
      before === null ? `${makes} ${name(after!)}` : after === null ? `${drops} ${name(before)}` : `changes ${name(after)}`,
    );
  return [
    ...words(changesBetween(jobs, start.jobs ?? [], reached.jobs ?? []), nameOfJob, ['schedules', 'unschedules']),
    ...words(changesBetween(queues, start.queues ?? [], reached.queues ?? []), nameOfQueue, ['makes', 'drops']),
  ];
}

/** What a rollback will do to jobs and queues, as they are now. `undoing` are the copies of the runs that it undoes. */
export async function foretell(client: pg.Client, undoing: KeptItem[][], keepData: KeepData): Promise<string[]> {
  const now = await readPlatformRows(client);
  const ofJobs = planUndoing(jobs, composed(jobs, await readChanges<Job>(client, 'jobs', undoing)), now.jobs ?? [], now.jobs ?? []);
  const ofQueues = planUndoing(
    queues,
    composed(queues, await readChanges<Queue>(client, 'queues', undoing)),
    now.queues ?? [],
    now.queues ?? [],
  );
  const counts = new Map<string, string>();
  for (const action of ofQueues.actions)
    if ('remove' in action)
      counts.set(
        action.remove.name,
        `${await countMessages(client, action.remove)} (${keepData === 'never' ? 'gone for good: --keep-data never' : 'kept'})`,
      );
  return [...words(ofJobs, nameOfJob, () => ''), ...words(ofQueues, nameOfQueue, ({ name }) => counts.get(name) ?? '')];
}

const words = <T extends object>({ actions }: Undoing<T>, name: (what: T) => string, more: (what: T) => string): string[] =>
  actions.map((action) =>
    'remove' in action
      ? `removes ${name(action.remove)}${more(action.remove)}`
      : 'change' in action
        ? `changes ${name(action.into)} back`
        : `brings back ${name(action.create)}`,
  );

async function countMessages(client: pg.Client, { name }: Queue): Promise<string> {
  const [table] = queueTables(name);
  const { rows } = await client.query<{ count: string }>(
    `select count(*) as count from (select from pgmq."${table.replaceAll('"', '""')}" limit 100001) as few`,
  );
  const count = Number(rows[0]!.count);
  return ` with ${count > 100_000 ? 'more than 100000' : count} message${count === 1 ? '' : 's'}`;
}
