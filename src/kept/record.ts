import type pg from 'pg';
import type { KeptItem } from './item.ts';
import type { Return } from './outstanding.ts';
import type { PutBackReport, Waiting } from './put-back.ts';
import type { Seen } from './set-aside.ts';

/**
 * What is kept of the runs that a step undoes, and was not put back yet: of those that brought `leaving` migrations in, of those
 * that took `coming` ones out, and of the `other` runs by their numbers. One list for each run, the newest
 * first, and so its copies.
 */
export async function readKept(client: pg.Client, leaving: string[], coming: string[], other: string[] = []): Promise<KeptItem[][]> {
  const { rows } = await client.query<{ run: string; item: KeptItem }>(
    `with last as (
       select distinct on (v) r.id from unnest($1::text[]) as v join supabase_migrations.supasnap_runs r
         on (r.kind = 'migrate' and r.version = v and r.status <> 'undone' or r.status in ('applied', 'done') and r.kind = 'rollback' and v = any(r.restored)) order by v, r.id desc
     ), first as (
       select distinct on (v) r.id from unnest($2::text[]) as v join supabase_migrations.supasnap_runs r
         on r.status in ('applied', 'done') and r.kind = 'rollback' and v = any(r.undone) order by v, r.id desc
     )
     select k.run_id as run, k.item from supabase_migrations.supasnap_kept k
     where k.returned_by is null and (k.run_id in (select id from last union select id from first) or k.run_id = any($3)) order by k.run_id desc, substring(k.relation from '[0-9]+$')::bigint desc`,
    [leaving, coming, other],
  );
  const runs = new Map<string, KeptItem[]>();
  for (const { run, item } of rows) runs.set(run, [...(runs.get(run) ?? []), item]);
  return [...runs.values()];
}

/** Which runs put back what which others had kept. */
export async function readReturns(client: pg.Client): Promise<Return[]> {
  const { rows } = await client.query<Return>(
    'select distinct returned_by::text as by, run_id::text as of from supabase_migrations.supasnap_kept where returned_by is not null',
  );
  return rows;
}

/** What the last rollback of a migration kept. Where it undid newer ones too, that comes back with the newest of them. */
export async function readKeptForMigrate(client: pg.Client, version: string): Promise<KeptItem[][]> {
  const { rows } = await client.query<{ newest: string }>(
    `select undone[1] as newest from supabase_migrations.supasnap_runs where kind = 'rollback' and status in ('applied', 'done') and $1 = any(undone) order by id desc limit 1`,
    [version],
  );
  return rows[0]?.newest === version ? readKept(client, [], [version]) : [];
}

/** Which rows the last rollback of a migration had left, when it was not applied since by us (see history). */
export async function lastRollback(client: pg.Client, version: string): Promise<Seen | undefined> {
  const { rows } = await client.query<{ id: string; until: string[] | null; kind: string }>(
    `select id, rows_until as until, kind from supabase_migrations.supasnap_runs
     where status in ('applied', 'done') and (kind = 'migrate' and version = $1 or kind = 'rollback' and undone = array[$1]) order by id desc limit 1`,
    [version],
  );
  const [last] = rows;
  if (last?.kind !== 'rollback' || !last.until) return undefined;
  const { rows: since } = await client.query<{ parts: string[] }>(
    'select rows_returned as parts from supabase_migrations.supasnap_runs where id > $1 and rows_returned is not null',
    [last.id],
  );
  return { until: last.until, returned: since.flatMap(({ parts }) => parts) };
}

/** Notes in which parts of its transaction a run brought rows back. */
export async function recordParts(client: pg.Client, runId: string, parts: string[]): Promise<void> {
  if (parts.length > 0) await client.query('update supabase_migrations.supasnap_runs set rows_returned = $2 where id = $1', [runId, parts]);
}

/** Enters the kept tables of a run. */
export async function recordKept(client: pg.Client, runId: string, items: KeptItem[]): Promise<void> {
  for (const item of items) {
    await client.query(
      `insert into supabase_migrations.supasnap_kept (relation, run_id, item, rows, bytes)
       select $1, $2, $3, (select count(*) from supabase_migrations."${item.relation}"), pg_total_relation_size('supabase_migrations."${item.relation}"')`,
      [item.relation, runId, JSON.stringify(item)],
    );
  }
}

/** Notes that kept tables were put back, and what came of it; columns that are `waiting` wait on. The copies stay until someone prunes them. */
export async function recordReturned(
  client: pg.Client,
  runId: string,
  items: KeptItem[],
  reports: PutBackReport[],
  waiting: Waiting,
): Promise<void> {
  const returned = items.flatMap(({ relation }) => (waiting.has(relation) ? [] : [relation]));
  if (returned.length > 0)
    await client.query('update supabase_migrations.supasnap_kept set returned_by = $1, report = $3 where relation = any($2)', [
      runId,
      returned,
      JSON.stringify(reports),
    ]);
  for (const [relation, columns] of waiting) {
    await client.query("update supabase_migrations.supasnap_kept set item = jsonb_set(item, '{columns}', $2) where relation = $1", [
      relation,
      JSON.stringify(columns),
    ]);
  }
}
