import { createHash } from 'node:crypto';
import type pg from 'pg';
import { refuseAltered, wrongColumns, type WrongColumn } from '../history/columns.ts';
import type { AppliedMigration, Run } from '../history/history.ts';

/** The columns of a run that tell whether it came to its end. */
export type BriefRun = Pick<
  Run,
  'id' | 'kind' | 'status' | 'version' | 'name' | 'undone' | 'snapshotBefore' | 'snapshotAfter' | 'progress' | 'startedAt'
>;

export interface BriefHistory {
  applied: AppliedMigration[];
  runs: BriefRun[];
  /** Whether our own tables exist. */
  ours: boolean;
  /** Whether schema public holds tables. */
  hasTables: boolean;
}

/**
 * History without its bulk: recorded statements are fetched only where no file has their hash, so that status
 * is quick on a distant database with hundreds of migrations. `local` holds the statements of each file by version.
 */
export async function readBriefHistory(client: pg.Client, local: Map<string, string[]>): Promise<BriefHistory> {
  const { rows } = await client.query<{ columns: string[]; ours: boolean; hasTables: boolean; wrong: WrongColumn[] | null }>(`
    select array(select attname::text from pg_attribute
                 where attrelid = to_regclass('supabase_migrations.schema_migrations') and attnum > 0 and not attisdropped) as columns,
           to_regclass('supabase_migrations.supasnap_runs') is not null as ours,
           exists (select from pg_class where relnamespace = to_regnamespace('public') and relkind in ('r', 'p')) as "hasTables",
           (${wrongColumns}) as wrong`);
  const { columns, ours, hasTables, wrong } = rows[0]!;
  refuseAltered(wrong);
  return {
    applied: columns.includes('version') ? await readApplied(client, columns, local) : [],
    runs: ours ? await readRuns(client) : [],
    ours,
    hasTables,
  };
}

async function readApplied(client: pg.Client, columns: string[], local: Map<string, string[]>): Promise<AppliedMigration[]> {
  const name = columns.includes('name') ? 'name' : 'null::text as name';
  const hash = columns.includes('statements')
    ? "encode(sha256(convert_to(array_to_string(statements, chr(31)), 'UTF8')), 'hex')"
    : 'null::text';
  const { rows } = await client.query<{ version: string; name: string | null; hash: string | null }>(
    `select version, ${name}, ${hash} as hash from supabase_migrations.schema_migrations order by version`,
  );
  const same = (row: { version: string; hash: string | null }) => row.hash === null || row.hash === hashOf(local.get(row.version));
  const recordedVersions = new Set(rows.map(({ version }) => version));
  const someOpen = [...local.keys()].some((version) => !recordedVersions.has(version));
  // A row without a file may be one that is there under another name.
  const others = rows.filter((row) => (local.has(row.version) ? !same(row) : someOpen)).map(({ version }) => version);
  const recorded = others.length > 0 ? await readStatements(client, others) : new Map<string, string[]>();
  return rows.map((row) => ({
    version: row.version,
    name: row.name,
    statements: row.hash === null ? null : (recorded.get(row.version) ?? local.get(row.version) ?? null),
  }));
}

const hashOf = (statements: string[] | undefined) => statements && createHash('sha256').update(statements.join('\x1f')).digest('hex');

/** As JSON: the driver reads a long array one character at a time. */
async function readStatements(client: pg.Client, versions: string[]): Promise<Map<string, string[]>> {
  const { rows } = await client.query<{ version: string; statements: string[] }>(
    'select version, to_json(statements) as statements from supabase_migrations.schema_migrations where version = any($1)',
    [versions],
  );
  return new Map(rows.map(({ version, statements }) => [version, statements]));
}

export async function readRuns(client: pg.Client): Promise<BriefRun[]> {
  const { rows } = await client.query<BriefRun>(
    `select id, kind, status, version, name, undone, snapshot_before as "snapshotBefore", snapshot_after as "snapshotAfter", progress,
            to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "startedAt"
     from supabase_migrations.supasnap_runs order by id`,
  );
  return rows;
}
