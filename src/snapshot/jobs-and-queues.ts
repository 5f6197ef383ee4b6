import type pg from 'pg';

/** A scheduled job of pg_cron. */
export interface Job {
  /** Its number; only the database itself knows it. */
  id: string;
  name: string | null;
  schedule: string;
  command: string;
  database: string;
  username: string;
  active: boolean;
}

/** A queue of pgmq. */
export interface Queue {
  name: string;
  unlogged: boolean;
  partitioned: boolean;
  /** How a partitioned one is cut, as pg_partman has it. */
  partitions?: { interval: string; retention: string | null };
  /** Of its queue table, and of its archive where there is one. */
  access: QueueAccess[];
}

/** Who may do what with a table of a queue. */
export interface QueueAccess {
  /** In schema pgmq. */
  table: string;
  rowSecurity: boolean;
  /** As in pg_class.relacl, in order; null where nothing was granted or revoked yet. */
  grants: string[] | null;
  policies: string[];
}

/** What users make of the platform's jobs and queues; undefined where the extension is not there. */
export interface PlatformRows {
  jobs?: Job[];
  queues?: Queue[];
}

/** The table in schema pgmq that holds the messages of a queue, and the one of its archive. */
export const queueTables = (name: string): [queue: string, archive: string] => [`q_${name.toLowerCase()}`, `a_${name.toLowerCase()}`];

/** The jobs and queues that this role sees, as they are now. */
export async function readPlatformRows(client: pg.Client): Promise<PlatformRows> {
  const { rows } = await client.query<{ cron: boolean; pgmq: boolean }>(
    `select ${readable('cron', 'job')} as cron, ${readable('pgmq', 'meta')} as pgmq`,
  );
  const { cron, pgmq } = rows[0]!;
  return { ...(cron ? { jobs: await readJobs(client) } : {}), ...(pgmq ? { queues: await readQueues(client) } : {}) };
}

/** Of an extension alone: a table of users may have the same name. */
const readable = (schema: string, table: string) => `exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
  join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
  where n.nspname = '${schema}' and c.relname = '${table}' and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select'))`;

async function readJobs(client: pg.Client): Promise<Job[]> {
  const { rows } = await client.query<Job>(
    'select jobid::text as id, jobname::text as name, schedule::text, command, database::text, username::text, active from cron.job order by jobid',
  );
  return rows;
}

async function readQueues(client: pg.Client): Promise<Queue[]> {
  const { rows } = await client.query<Omit<Queue, 'access'>>(
    'select queue_name::text as name, is_unlogged as unlogged, is_partitioned as partitioned from pgmq.meta order by queue_name',
  );
  if (rows.length === 0) return [];
  const access = await readAccess(
    client,
    rows.flatMap(({ name }) => queueTables(name)),
  );
  const partitions = rows.some(({ partitioned }) => partitioned) ? await readPartitions(client) : new Map();
  return rows.map((queue) => ({
    ...queue,
    ...(partitions.has(queueTables(queue.name)[0]) ? { partitions: partitions.get(queueTables(queue.name)[0])! } : {}),
    access: queueTables(queue.name).flatMap((table) => access.get(table) ?? []),
  }));
}

async function readAccess(client: pg.Client, tables: string[]): Promise<Map<string, QueueAccess>> {
  const { rows } = await client.query<QueueAccess>(
    `select c.relname as table, c.relrowsecurity as "rowSecurity", array(select a::text from unnest(c.relacl) as a order by 1) as grants,
       array(select format('create policy %I on %I.%I as %s for %s to %s', p.policyname, p.schemaname, p.tablename, p.permissive, p.cmd,
           (select string_agg(case role when 'public' then 'public' else quote_ident(role) end, ', ') from unnest(p.roles) as role))
         || coalesce(' using (' || p.qual || ')', '') || coalesce(' with check (' || p.with_check || ')', '')
         from pg_policies p where p.schemaname = 'pgmq' and p.tablename = c.relname order by p.policyname) as policies, c.relacl is null as untouched
     from pg_class c where c.relnamespace = 'pgmq'::regnamespace and c.relname = any($1)`,
    [tables],
  );
  return new Map(
    (rows as (QueueAccess & { untouched?: boolean })[]).map(({ untouched, ...one }) => [
      one.table,
      untouched ? { ...one, grants: null } : one,
    ]),
  );
}

/** How pg_partman cuts tables, by their name in schema pgmq. */
async function readPartitions(client: pg.Client): Promise<Map<string, { interval: string; retention: string | null }>> {
  const { rows: found } = await client.query<{ name: string }>(
    "select format('%I.part_config', n.nspname) as name from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_partman'",
  );
  if (!found[0]) return new Map();
  const { rows } = await client.query<{ table: string; interval: string; retention: string | null }>(
    `select replace(split_part(parent_table, '.', 2), '"', '') as table, partition_interval as interval, retention from ${found[0].name} where parent_table like 'pgmq.%'`,
  );
  return new Map(rows.map(({ table, ...how }) => [table, how]));
}
