import type pg from 'pg';
import type { KeptItem } from './item.ts';
import type { PutBackReport } from './put-back.ts';

/** The kept tables of the last run of a kind that concerned a migration and were not put back yet. */
export async function readKept(client: pg.Client, kind: 'migrate' | 'rollback', version: string): Promise<KeptItem[]> {
  const { rows } = await client.query<{ item: KeptItem }>(
    `select k.item from supabase_migrations.supasnap_kept k
     where k.returned_by is null and k.run_id = (
       select max(r.id) from supabase_migrations.supasnap_runs r
       where r.kind = $1 and ($1 = 'migrate' and r.version = $2 or $1 = 'rollback' and r.undone = array[$2]))
     order by k.relation`,
    [kind, version],
  );
  return rows.map(({ item }) => item);
}

/** The transaction of the last rollback of a migration, when nothing was applied since by us; undefined when there was none. */
export async function lastRollback(client: pg.Client, version: string): Promise<string | undefined> {
  const { rows } = await client.query<{ xid: string | null; kind: string }>(
    `select xid, kind from supabase_migrations.supasnap_runs
     where status in ('applied', 'done') and (kind = 'migrate' and version = $1 or kind = 'rollback' and undone = array[$1]) order by id desc limit 1`,
    [version],
  );
  return rows[0]?.kind === 'rollback' ? (rows[0].xid ?? undefined) : undefined;
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

/** Notes that kept tables were put back, and what came of it. Their copies stay until someone prunes them. */
export async function recordReturned(client: pg.Client, runId: string, items: KeptItem[], reports: PutBackReport[]): Promise<void> {
  if (items.length === 0) return;
  await client.query('update supabase_migrations.supasnap_kept set returned_by = $1, report = $3 where relation = any($2)', [runId, items.map(({ relation }) => relation), JSON.stringify(reports)]);
}
