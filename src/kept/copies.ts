import type pg from 'pg';
import type { KeptItem } from './item.ts';
import type { PutBackReport } from './put-back.ts';

/** A migrate or rollback, as far as a copy names it. */
export interface KeptRun {
  id: string;
  kind: 'migrate' | 'rollback';
  /** Of a migration; the snapshot that a rollback went to. */
  version: string | null;
  /** The migration's, or in words where a rollback went to. */
  name: string | null;
  /** The migrations that a rollback undid. */
  undone: string[];
  /** ISO 8601, UTC. */
  appliedAt: string;
}

/** A copy of rows that a run destroyed or changed. Sizes are bytes. */
export interface KeptCopy {
  /** The number in the name of its table. */
  id: number;
  relation: string;
  run: KeptRun;
  table: { schema: string; name: string };
  what: string;
  columns: string[];
  rows: number;
  bytes: number;
  /** ISO 8601, UTC. */
  keptAt: string;
  /** By the server's clock. */
  ageSeconds: number;
  putBack: PutBack | null;
}

export interface PutBack {
  run: KeptRun;
  /** Rows that stayed as users had made them meanwhile, or could not be told apart: their old values are in the copy alone. */
  rowsLeft: number;
}

interface Row {
  id: string;
  relation: string;
  run: KeptRun;
  item: KeptItem;
  rows: string;
  bytes: string;
  keptAt: string;
  ageSeconds: number;
  returnedBy: KeptRun | null;
  report: PutBackReport[] | null;
}

/** All copies in the target, newest last; undefined where the target has no history of ours. */
export async function readCopies(client: pg.Client): Promise<KeptCopy[] | undefined> {
  const { rows: found } = await client.query<{ runs: boolean; kept: boolean }>(
    "select to_regclass('supabase_migrations.supasnap_runs') is not null as runs, to_regclass('supabase_migrations.supasnap_kept') is not null as kept",
  );
  if (!found[0]!.runs) return undefined;
  if (!found[0]!.kept) return [];
  const { rows } = await client.query<Row>(copiesQuery);
  return rows.map(({ id, relation, run, item, rows: count, bytes, keptAt, ageSeconds, returnedBy, report }) => ({
    id: Number(id),
    relation,
    run,
    table: { schema: item.table.schema, name: item.table.name },
    what: whatOf(item),
    columns: (item.columns.length > 0 ? item.columns : item.rowKey).map(({ name }) => name),
    rows: Number(count),
    bytes: Number(bytes),
    keptAt,
    ageSeconds,
    putBack: returnedBy && { run: returnedBy, rowsLeft: rowsLeft(item, report ?? []) },
  }));
}

const time = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
const runOf = (alias: string) =>
  `jsonb_build_object('id', ${alias}.id::text, 'kind', ${alias}.kind, 'version', ${alias}.version, 'name', ${alias}.name, 'undone', coalesce(${alias}.undone, '{}'), 'appliedAt', ${time(`${alias}.applied_at`)})`;

const copiesQuery = `
select substring(k.relation from '[0-9]+$') as id, k.relation, ${runOf('r')} as run, k.item, k.rows, k.bytes, ${time('k.kept_at')} as "keptAt",
       floor(extract(epoch from clock_timestamp() - k.kept_at))::float8 as "ageSeconds", case when b.id is not null then ${runOf('b')} end as "returnedBy", k.report
from supabase_migrations.supasnap_kept k join supabase_migrations.supasnap_runs r on r.id = k.run_id
     left join supabase_migrations.supasnap_runs b on b.id = k.returned_by
where k.relation ~ '^supasnap_kept_[0-9]+$'
order by substring(k.relation from '[0-9]+$')::numeric`;

/** What went or changed, in words; a fate that this version does not know speaks for itself. */
function whatOf({ fate, rowKey, columns }: KeptItem): string {
  if (fate === 'dropped') return 'dropped table';
  if (fate === 'created') return rowKey.length > 0 ? 'keys of new rows' : 'checksums of new rows';
  if (fate !== 'stays') return String(fate);
  if (columns.every(({ doomed }) => !doomed)) return 'changed rows';
  return columns.every(({ doomed }) => doomed) ? 'columns' : 'columns and rows';
}

function rowsLeft({ table: { schema, name } }: KeptItem, reports: PutBackReport[]): number {
  const report = reports.find(({ table }) => table === `${schema}.${name}`);
  return report ? report.newer + report.uncertain + report.unmatched : 0;
}
