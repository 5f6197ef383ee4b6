import type pg from 'pg';
import { refuseAltered, wrongColumns, type WrongColumn } from './columns.ts';

/** A row of the CLI's table. `statements` is null where the CLI's repair wrote none. */
export interface AppliedMigration {
  version: string;
  name: string | null;
  statements: string[] | null;
}

/** One migrate or rollback that changed the target. Times are ISO 8601 in UTC. */
export interface Run {
  id: string;
  kind: 'migrate' | 'rollback';
  status: string;
  version: string | null;
  name: string | null;
  fileSha256: string | null;
  statements: string[] | null;
  undone: string[] | null;
  restored: string[] | null;
  snapshotBefore: string | null;
  snapshotAfter: string | null;
  rollbackSql: string | null;
  proof: unknown;
  changes: unknown;
  tested: unknown;
  progress: unknown;
  startedAt: string;
  appliedAt: string;
  durationMs: number;
  environment: string;
  /** Why it was applied although no deployment window was open. */
  overrideReason: string | null;
  who: string | null;
  gitCommit: string | null;
  toolVersion: string;
}

/** Whether another tool did it, and its history was taken over: nobody rehearsed it, and no rows were kept. */
export const isTakenOver = ({ progress }: Pick<Run, 'progress'>): boolean => (progress as { keeps?: string } | null)?.keeps === 'elsewhere';

/** What is known of the target's past; empty on a database that no tool has touched. */
export interface History {
  applied: AppliedMigration[];
  runs: Run[];
  /** Whether our own tables exist. */
  ours: boolean;
}

/** What a rollback took out of history of migrations that no run of ours had applied: nothing else holds their statements. */
export const takenOut = ({ runs }: History): AppliedMigration[] =>
  runs.flatMap(({ progress }) => (progress as { rows?: AppliedMigration[] } | null)?.rows ?? []);

/** Whether adopt wrote it, as the beginning of a history: before it there is nothing to go back to. */
export const isBaseline = (version: string, { runs }: History): boolean =>
  (runs.findLast((run) => run.kind === 'migrate' && run.version === version)?.progress as { adopted?: boolean } | null | undefined)
    ?.adopted === true;

/** Whether our own tables exist. */
export const hasHistory = async (client: pg.Client): Promise<boolean> => (await readTables(client)).ours;

export async function readHistory(client: pg.Client): Promise<History> {
  const { theirs, ours, columns, runColumns } = await readTables(client);
  const column = (name: string, type: string) => (columns.includes(name) ? name : `null::${type} as ${name}`);
  const applied = theirs
    ? (
        await client.query<AppliedMigration>(
          `select version, ${column('name', 'text')}, ${column('statements', 'text[]')} from supabase_migrations.schema_migrations order by version`,
        )
      ).rows
    : [];
  return { applied, runs: ours ? await readRuns(client, new Set(runColumns)) : [], ours };
}

/** Which tables are there, with which columns. Throws a Problem where they were altered by hand. */
async function readTables(client: pg.Client) {
  const { rows } = await client.query<{
    theirs: boolean;
    ours: boolean;
    columns: string[];
    runColumns: string[];
    wrong: WrongColumn[] | null;
  }>(`
    select to_regclass('supabase_migrations.schema_migrations') is not null as theirs,
           to_regclass('supabase_migrations.supasnap_runs') is not null as ours,
           array(select attname::text from pg_attribute
                 where attrelid = to_regclass('supabase_migrations.schema_migrations') and attnum > 0 and not attisdropped) as columns,
           array(select attname::text from pg_attribute
                 where attrelid = to_regclass('supabase_migrations.supasnap_runs') and attnum > 0 and not attisdropped) as "runColumns",
           (${wrongColumns}) as wrong`);
  refuseAltered(rows[0]!.wrong);
  return rows[0]!;
}

const runColumns = {
  id: 'id',
  kind: 'kind',
  status: 'status',
  version: 'version',
  name: 'name',
  fileSha256: 'file_sha256',
  statements: 'statements',
  undone: 'undone',
  restored: 'restored',
  snapshotBefore: 'snapshot_before',
  snapshotAfter: 'snapshot_after',
  rollbackSql: 'rollback_sql',
  proof: 'proof',
  changes: 'changes',
  tested: 'tested',
  progress: 'progress',
  durationMs: 'duration_ms',
  environment: 'environment',
  overrideReason: 'override_reason',
  who: 'who',
  gitCommit: 'git_commit',
  toolVersion: 'tool_version',
} as const;

/** A history that an earlier version made lacks columns until the next migrate or rollback. */
async function readRuns(client: pg.Client, there: Set<string>): Promise<Run[]> {
  const iso = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
  const columns = Object.entries(runColumns).map(([field, column]) => `${there.has(column) ? column : 'null'} as "${field}"`);
  const { rows } = await client.query<Run>(
    `select ${columns.join(', ')}, ${iso('started_at')} as "startedAt", ${iso('applied_at')} as "appliedAt" from supabase_migrations.supasnap_runs order by id`,
  );
  return rows;
}

/** Writes the row of a run and gives its id. Called inside the transaction that does the work. `appliedAt` is for one that another tool did before. */
export async function recordRun(client: pg.Client, run: Omit<Run, 'id' | 'appliedAt'>, appliedAt?: string): Promise<string> {
  const json = new Set(['proof', 'changes', 'tested', 'progress']);
  const fields = { ...run } as Record<string, unknown>;
  const entries = Object.entries(runColumns).filter(([field]) => field !== 'id');
  const values = entries.map(([field]) =>
    json.has(field) && fields[field] != null ? JSON.stringify(fields[field]) : (fields[field] ?? null),
  );
  const { rows } = await client.query<{ id: string }>(
    `insert into supabase_migrations.supasnap_runs (${entries.map(([, column]) => column).join(', ')}, started_at, applied_at, xid)
     values (${entries.map((_, index) => `$${index + 1}`).join(', ')}, $${entries.length + 1}, coalesce($${entries.length + 2}::timestamptz, clock_timestamp()), pg_current_xact_id()::text) returning id`,
    [...values, run.startedAt, appliedAt ?? null],
  );
  const { id } = rows[0]!;
  if (run.kind === 'rollback') await noteRowsUntil(client, id);
  return id;
}

/**
 * Notes which rows are from before the end of this transaction: up to the number of its last part, but for those of transactions
 * that were at work meanwhile.
 */
async function noteRowsUntil(client: pg.Client, id: string): Promise<void> {
  await client.query('savepoint supasnap_until');
  const { rows } = await client.query<{ until: string[] }>(
    `update supabase_migrations.supasnap_runs set xid = xid where id = $1
     returning array[xmin::text] || array(select (pg_snapshot_xip::text::numeric % 4294967296)::text from pg_snapshot_xip(pg_current_snapshot())) as until`,
    [id],
  );
  await client.query('release savepoint supasnap_until');
  await client.query('update supabase_migrations.supasnap_runs set rows_until = $2 where id = $1', [id, rows[0]!.until]);
}

/** Completes a run with what was known only after COMMIT. */
export async function completeRun(
  client: pg.Client,
  id: string,
  facts: { status: string; snapshotAfter?: string; tested?: unknown },
): Promise<void> {
  await client.query(
    `update supabase_migrations.supasnap_runs set status = $2, snapshot_after = coalesce($3, snapshot_after), tested = coalesce($4, tested) where id = $1`,
    [id, facts.status, facts.snapshotAfter ?? null, facts.tested ? JSON.stringify(facts.tested) : null],
  );
}

/** Writes the CLI's history row, only while `xid` is still the transaction at work: a stray ROLLBACK would have ended it. */
export async function recordApplied(
  client: pg.Client,
  migration: { version: string; name: string; statements: string[]; rollback: string[] },
  xid: string | undefined,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into supabase_migrations.schema_migrations (version, name, statements, rollback)
     select $1, $2, $3::text[], $4::text[] where $5::text is null or pg_current_xact_id_if_assigned()::text = $5::text`,
    [migration.version, migration.name, migration.statements, migration.rollback, xid ?? null],
  );
  return rowCount === 1;
}

export async function removeApplied(client: pg.Client, versions: string[]): Promise<void> {
  await client.query('delete from supabase_migrations.schema_migrations where version = any($1)', [versions]);
}

/** The runs of a migration go on under its new name, so that what they kept is found by it. */
export async function renameRuns(client: pg.Client, was: string, now: { version: string; name: string }): Promise<void> {
  await client.query(
    `update supabase_migrations.supasnap_runs set undone = array_replace(undone, $1, $2), restored = array_replace(restored, $1, $2)
     where $1 = any(undone) or $1 = any(restored)`,
    [was, now.version],
  );
  await client.query(
    `update supabase_migrations.supasnap_runs set version = $2, name = $3,
       progress = coalesce(progress, '{}') || jsonb_build_object('was', coalesce(progress -> 'was', '[]') || to_jsonb($1::text))
     where kind = 'migrate' and version = $1`,
    [was, now.version, now.name],
  );
}

/** What a migration is called now that a snapshot from before knows under another version. */
export const renamesOf = ({ runs }: Pick<History, 'runs'>): Map<string, string> =>
  new Map(
    runs.flatMap(({ version, progress }) =>
      ((progress as { was?: string[] } | null)?.was ?? []).map((was): [string, string] => [was, version!]),
    ),
  );

/** What is applied, in the order in which it came: by our runs; what has none stands behind all that have smaller versions. */
export function inOrderApplied({ applied, runs }: Pick<History, 'applied' | 'runs'>): AppliedMigration[] {
  const ran = new Map<string, number>();
  for (const [at, run] of runs.entries()) {
    if (run.kind === 'migrate' && run.version !== null && ['applied', 'done'].includes(run.status)) ran.set(run.version, at);
    for (const version of run.restored ?? []) ran.set(version, at);
  }
  const order: AppliedMigration[] = [];
  const place = (row: AppliedMigration) => ran.get(row.version) ?? -1;
  for (const row of applied) {
    const after = ran.has(row.version) ? order.findLastIndex((one) => place(one) <= place(row)) : order.length - 1;
    order.splice(after + 1, 0, row);
  }
  return order;
}
