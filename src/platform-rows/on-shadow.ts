import type pg from 'pg';
import { quoteName } from '../sql-names.ts';
import { changesBetween, planUndoing } from './changes.ts';
import { carryOutJob, carryOutQueue, createQueue } from './carry-out.ts';
import type { Definitions } from '../snapshot/definitions.ts';
import { readPlatformRows, type Job, type PlatformRows, type Queue } from '../snapshot/jobs-and-queues.ts';
import { jobName, jobs, queues } from './rows.ts';

/** What a change did to jobs and queues where it was rehearsed. */
export interface RehearsedRows {
  start: PlatformRows;
  reached: PlatformRows;
}

/** Takes back what a change did to jobs and queues, as a rollback on the target will, once its statements have run. Names what is not as it was at the start. */
export async function takeBack(client: pg.Client, { start, reached }: RehearsedRows): Promise<string[]> {
  const [ofJobs, ofQueues] = [
    changesBetween(jobs, start.jobs ?? [], reached.jobs ?? []),
    changesBetween(queues, start.queues ?? [], reached.queues ?? []),
  ];
  if (ofJobs.length + ofQueues.length === 0) return [];
  const now = await readPlatformRows(client);
  if (now.jobs)
    for (const action of planUndoing<Job>(jobs, ofJobs, reached.jobs ?? [], now.jobs).actions) await carryOutJob(client, action);
  if (now.queues)
    for (const action of planUndoing<Queue>(queues, ofQueues, reached.queues ?? [], now.queues).actions)
      await carryOutQueue(client, action);
  const back = await readPlatformRows(client);
  return [
    ...changesBetween(jobs, start.jobs ?? [], back.jobs ?? []).map(({ before, after }) => `job ${jobName((before ?? after)!)}`),
    ...changesBetween(queues, start.queues ?? [], back.queues ?? []).map(({ before, after }) => `queue ${(before ?? after)!.name}`),
  ];
}

/** A shadow holds the target's queues, without messages: a migration may drop one, or send to it. */
export async function makeQueues(client: pg.Client, definitions: Definitions | undefined, user: string): Promise<void> {
  const { queues: there } = await readPlatformRows(client);
  const wanted = there ? (definitions?.queues ?? []).filter(({ name }) => !there.some((queue) => queue.name === name)) : [];
  if (wanted.length === 0) return;
  await client.query(`set session authorization ${quoteName(user)}`);
  for (const queue of wanted) await createQueue(client, queue);
  await client.query('reset session authorization');
}
