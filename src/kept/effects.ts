import type pg from 'pg';
import { dmlTargets } from '../migration/dml-targets.ts';
import type { Statement } from '../migration/statements.ts';
import { tableName } from './item.ts';
import { readSequences, readShapes, type TableShape } from './shape.ts';

/** What a run does to rows, as seen on a shadow without rows. Tables go by "schema"."name" as before the run. */
export interface Effects {
  dropped: string[];
  /** Columns whose values go (dropped) or change (another type), by table. */
  doomed: Record<string, { column: string; dropped: boolean }[]>;
  /** Tables whose rows the run writes, or may write through a cascade. */
  written: string[];
  /** Tables that it locks against readers too. */
  exclusive: string[];
  /** Tables whose file it writes anew with the same rows. */
  rewritten: string[];
  /** Partitioned tables that it takes partitions out of, or puts tables into. */
  regrouped: string[];
  /** Sequences that go, but not with a table or column of theirs. */
  sequences: string[];
  /** Tables of which its UPDATE statements name columns of the key and no other: rows get other keys, not other values. */
  rekeyed: string[];
}

export const noEffects: Effects = {
  dropped: [],
  doomed: {},
  written: [],
  exclusive: [],
  rewritten: [],
  regrouped: [],
  sequences: [],
  rekeyed: [],
};

/** Whether it locks a table against readers. */
export const locksReaders = ({ dropped, doomed, exclusive }: Effects): boolean =>
  dropped.length + Object.keys(doomed).length + exclusive.length > 0;

/** What to compare when the run has been carried out. */
export interface EffectsProbe {
  tables: Map<string, TableShape>;
  sequences: Awaited<ReturnType<typeof readSequences>>;
}

/** Names of types are read whole, whatever the transaction's search_path. */
export async function probeEffects(client: pg.Client): Promise<EffectsProbe> {
  const { rows } = await client.query<{ path: string }>(
    "select current_setting('search_path') as path, set_config('search_path', 'pg_catalog', true)",
  );
  const probe = { tables: await readShapes(client), sequences: await readSequences(client) };
  await client.query("select set_config('search_path', $1, true)", [rows[0]!.path]);
  return probe;
}

/** Reads, inside the transaction that carried the run out and before its COMMIT, what it did. `script` is what was run. */
export async function readEffects(
  client: pg.Client,
  before: EffectsProbe,
  script: { text: string; statements: Statement[] },
  reached?: EffectsProbe,
): Promise<Effects> {
  const { tables: now, sequences } = reached ?? (await probeEffects(client));
  const { rows } = await client.query<{ key: string; mode: string }>(
    `select distinct 'c' || relation::oid as key, mode from pg_locks
     where pid = pg_backend_pid() and locktype = 'relation' and mode in ('RowExclusiveLock', 'AccessExclusiveLock')
       and database = (select oid from pg_database where datname = current_database())`,
  );
  const held = (mode: string) => new Set(rows.filter((row) => row.mode === mode).map((row) => row.key));
  const [writing, exclusive] = [held('RowExclusiveLock'), held('AccessExclusiveLock')];
  const mayTruncate = await mentionsTruncate(client, script.text);

  const effects: Effects = { ...noEffects, dropped: [], doomed: {}, exclusive: [], rewritten: [] };
  const regrouped = new Set<string>();
  const written = new Set<string>();
  for (const [key, table] of before.tables) {
    const name = tableName(table);
    const reached = now.get(key);
    if (exclusive.has(key)) effects.exclusive.push(name);
    if (writing.has(key)) written.add(table.root ?? key);
    if (!reached) {
      effects.dropped.push(name);
      continue;
    }
    const doomed = doomedColumns(table, reached);
    if (doomed.length > 0) effects.doomed[name] = doomed;
    if (reached.root !== table.root)
      for (const root of [table.root, reached.root])
        if (root && before.tables.has(root)) regrouped.add(tableName(before.tables.get(root)!));
    if (reached.fileNode === table.fileNode) continue;
    if (mayTruncate || !explainsRewrite(table, reached)) written.add(table.root ?? key);
    else effects.rewritten.push(name);
  }
  const cascades = await readCascades(client);
  for (const key of written) for (const child of cascades.get(key) ?? []) written.add(before.tables.get(child)?.root ?? child);
  effects.written = [...written].flatMap((key) => (before.tables.has(key) ? [tableName(before.tables.get(key)!)] : []));
  effects.regrouped = [...regrouped];
  effects.rekeyed = rekeyedTables(before.tables, script.statements);
  effects.sequences = lostSequences(sequences, before, effects);
  return effects;
}

/** Whether a table may have been emptied by TRUNCATE: it leaves the same trace as a change that writes the file anew. */
async function mentionsTruncate(client: pg.Client, code: string): Promise<boolean> {
  if (/\btruncate\b|\bexecute\b(?!\s+(function|procedure|on)\b)/i.test(code)) return true;
  const { rows } = await client.query<{ mentioned: boolean }>(
    `select exists (select from pg_proc f join pg_namespace n on n.oid = f.pronamespace
       where f.prosrc ~* '\\mtruncate\\M' and n.nspname not in ('pg_catalog', 'information_schema', 'supabase_migrations')
       and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = f.oid and d.deptype = 'e')) as mentioned`,
  );
  return rows[0]!.mentioned;
}

const explainsRewrite = (before: TableShape, now: TableShape): boolean =>
  before.persistence !== now.persistence ||
  before.columns.length !== now.columns.length ||
  before.columns.some((column, at) => column.number !== now.columns[at]!.number || column.type !== now.columns[at]!.type);

function doomedColumns(before: TableShape, now: TableShape): { column: string; dropped: boolean }[] {
  return before.columns.flatMap(({ number, name, type, typeNumber, generated, parts }): { column: string; dropped: boolean }[] => {
    if (generated) return [];
    const reached = now.columns.find((column) => column.number === number);
    if (!reached || reached.generated) return [{ column: name, dropped: true }];
    const keepsAll = reached.type === type && reached.typeNumber === typeNumber && parts.every((part) => reached.parts.includes(part));
    return keepsAll ? [] : [{ column: name, dropped: false }];
  });
}

function rekeyedTables(tables: Map<string, TableShape>, statements: Statement[]): string[] {
  const updates = dmlTargets(statements).filter(({ change }) => change === 'update');
  return [...tables.values()].flatMap((table) => {
    const key = (table.rowKeys[0] ?? []).map((number) => table.columns.find((column) => column.number === number)!.name);
    const own = updates.filter((one) => one.table === `${table.schema}.${table.name}` || one.table === table.name);
    return own.length > 0 && own.every(({ columns }) => columns && columns.length > 0 && columns.every((name) => key.includes(name)))
      ? [tableName(table)]
      : [];
  });
}

/** Sequences that are gone although the column that owned them, if any, is still there. */
function lostSequences(now: EffectsProbe['sequences'], before: EffectsProbe, { dropped, doomed }: Effects): string[] {
  return [...before.sequences].flatMap(([key, sequence]) => {
    const owner = sequence.table && before.tables.get(sequence.table);
    const goesWithOwner =
      owner &&
      (dropped.includes(tableName(owner)) ||
        doomed[tableName(owner)]?.some(
          (one) => one.dropped && owner.columns.some(({ number, name }) => number === sequence.column && name === one.column),
        ));
    return now.has(key) || goesWithOwner ? [] : [tableName(sequence)];
  });
}

/** Which tables a change of rows in a table can reach through foreign keys. */
async function readCascades(client: pg.Client): Promise<Map<string, string[]>> {
  const { rows } = await client.query<{ parent: string; child: string }>(
    `select 'c' || confrelid::oid as parent, 'c' || conrelid::oid as child from pg_constraint
     where contype = 'f' and (confdeltype in ('c', 'n', 'd') or confupdtype in ('c', 'n', 'd'))`,
  );
  const cascades = new Map<string, string[]>();
  for (const { parent, child } of rows) cascades.set(parent, [...(cascades.get(parent) ?? []), child]);
  return cascades;
}
