import type pg from 'pg';
import { readPlatformRows, type Job, type PlatformRows, type Queue } from './jobs-and-queues.ts';

/** A job as a snapshot holds it: its number means something only in its own database. */
export type JobDefinition = Omit<Job, 'id'>;

/** A row of storage.buckets, but for its owner and its times: those are of its own database. */
export type BucketDefinition = { id: string } & Record<string, unknown>;

/** Jobs, queues (without their messages) and buckets (without their files) at one moment. */
export interface Definitions {
  jobs: JobDefinition[];
  queues: Queue[];
  buckets: BucketDefinition[];
}

/** As they are now; undefined where there are none. */
export async function readDefinitions(client: pg.Client): Promise<Definitions | undefined> {
  const definitions = definitionsOf(await readPlatformRows(client), await readBuckets(client));
  return Object.values(definitions).some(({ length }) => length > 0) ? definitions : undefined;
}

const definitionsOf = ({ jobs = [], queues = [] }: PlatformRows, buckets: BucketDefinition[]): Definitions => ({
  jobs: sorted(jobs.map(({ id: _, ...job }) => job)),
  queues,
  buckets,
});

const sorted = <T>(list: T[]): T[] =>
  list
    .map((one) => ({ one, key: JSON.stringify(one) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ one }) => one);

async function readBuckets(client: pg.Client): Promise<BucketDefinition[]> {
  const { rows: found } = await client.query<{ readable: boolean }>(
    `select count(*) > 0 as readable from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'storage' and c.relname = 'buckets' and c.relkind = 'r' and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
       and (select count(*) from pg_attribute where attrelid = c.oid and attname in ('id', 'name', 'public')) = 3`,
  );
  if (!found[0]!.readable) return [];
  const { rows } = await client.query<{ bucket: BucketDefinition }>(
    "select to_jsonb(b) - '{owner,owner_id,created_at,updated_at}'::text[] as bucket from storage.buckets b order by id",
  );
  return rows.map(({ bucket }) => bucket);
}

/** What of a snapshot's definitions is not there. */
export const missingOf = (
  wanted: Definitions,
  present: Definitions | undefined,
  databases: { before: string; now: string },
): Definitions => {
  const mapped = wanted.jobs.map((job) => (job.database === databases.before ? { ...job, database: databases.now } : job));
  const key = ({ name, username, ...job }: JobDefinition) =>
    JSON.stringify(name === null ? [username, job.schedule, job.command, job.database] : [name, username]);
  const have = new Set((present?.jobs ?? []).map(key));
  return {
    jobs: mapped.filter((job) => !have.has(key(job))),
    queues: wanted.queues.filter(({ name }) => !present?.queues.some((queue) => queue.name === name)),
    buckets: wanted.buckets.filter(({ id }) => !present?.buckets.some((bucket) => bucket.id === id)),
  };
};
