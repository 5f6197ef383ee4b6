import type pg from 'pg';
import { quoteName } from '../sql-names.ts';
import { carryOutJob, createQueue } from './carry-out.ts';
import { missingOf, readDefinitions, type BucketDefinition, type Definitions } from '../snapshot/definitions.ts';
import { jobName } from './rows.ts';

/** In words: "job nightly", "queue mail (without its messages)", "bucket avatars (without its files)". */
export const namesOf = ({ jobs, queues, buckets }: Definitions): string[] => [
  ...jobs.map((job) => `job ${jobName(job)}`),
  ...queues.map(({ name }) => `queue ${name} (without its messages)`),
  ...buckets.map(({ id }) => `bucket ${id} (without its files)`),
];

/** Makes jobs and queues that a snapshot holds and the target lacks. Gives in words what it made, and what this role may not make. */
export async function makeMissing(client: pg.Client, wanted: Definitions): Promise<string[]> {
  // Someone may have made one meanwhile.
  const { jobs, queues } = missingOf(wanted, await readDefinitions(client), { before: '', now: '' });
  const { rows } = await client.query<{ me: string; superuser: boolean; cron: boolean; pgmq: boolean }>(
    `select current_user::text as me, rolsuper as superuser, to_regclass('cron.job') is not null as cron, to_regclass('pgmq.meta') is not null as pgmq from pg_roles where rolname = current_user`,
  );
  const { me, superuser, cron, pgmq } = rows[0]!;
  const told: string[] = [];
  for (const job of jobs) {
    const name = `job ${jobName(job)}`;
    if (!cron) told.push(`${name} is not made: there is no pg_cron here`);
    else if (job.username !== me && !superuser)
      told.push(`${name} is not made: it runs as ${job.username}, and only a superuser may schedule a job for another role`);
    else {
      await carryOutJob(client, { create: { ...job, id: '' } });
      told.push(`${name} made`);
    }
  }
  for (const queue of queues) {
    if (pgmq) await createQueue(client, queue);
    told.push(pgmq ? `queue ${queue.name} made, without messages` : `queue ${queue.name} is not made: there is no pgmq here`);
  }
  return told;
}

/** Buckets that are not there; their files are no part of a database. */
export async function makeBuckets(client: pg.Client, buckets: BucketDefinition[]): Promise<void> {
  if (buckets.length === 0) return;
  const { rows } = await client.query<{ name: string }>(
    "select attname::text as name from pg_attribute where attrelid = 'storage.buckets'::regclass and attnum > 0 and not attisdropped and attgenerated = ''",
  );
  for (const bucket of buckets) {
    const columns = rows
      .filter(({ name }) => name in bucket)
      .map(({ name }) => quoteName(name))
      .join(', ');
    await client.query(
      `insert into storage.buckets (${columns}) select ${columns} from jsonb_populate_record(null::storage.buckets, $1) on conflict do nothing`,
      [JSON.stringify(bucket)],
    );
  }
}
