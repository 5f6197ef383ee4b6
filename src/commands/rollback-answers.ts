import type pg from 'pg';
import { forShell, Problem, refused, usage } from '../errors.ts';
import { before, findTable, live, place as copyOf, present, presentKey, reach, sameRow, tableName, type KeptItem } from '../kept/item.ts';
import type { PutBackReport } from '../kept/put-back.ts';
import { readShapes } from '../kept/shape.ts';
import { quoteName } from '../sql-names.ts';
import { count } from './text.ts';

/** What a person says of rows that have no place in the earlier schema. */
export interface Answers {
  /** Values for columns that return and must not be null, by "schema.table.column": an SQL expression each. */
  fill?: Record<string, string>;
  /** Labels that rows get instead of ones that go, by "schema.type.label". */
  map?: Record<string, string>;
  /** Rows that go with the rollback and are kept, by "schema.table": an SQL condition each. */
  without?: Record<string, string>;
  /** Columns ("schema.table.column") whose newer values may change to fit the type that returns. */
  acceptCast?: string[];
  /** Leave old values of rows in the copy where it can't be told which rows, for want of a key, they are of. */
  allowUnmatched?: boolean;
}

/** Carries the answers out, step by step of a rollback, and knows which of them found their place. */
export interface Answering {
  /** Tables whose rows the answers write, quoted. */
  written: string[];
  /** Columns ("schema.table.column") whose labels they exchange. */
  mapped: string[];
  /** Before the schema changes. */
  before: () => Promise<void>;
  /** Once the columns are back, before they must not be null and before constraints are. */
  whenBack: () => Promise<void>;
  /** Rows that --without names, where that was not done yet; of one table or of all. */
  leaveOut: (place?: string) => Promise<void>;
}

/** Answers that found their place, with the number of rows that --without took out there; one map for all steps of a rollback. */
export type Placed = Map<string, number>;

export async function answering(client: pg.Client, answers: Answers, placed: Placed, undoing: KeptItem[]): Promise<Answering> {
  const labels = await labelColumns(client, answers.map ?? {});
  return {
    written: await existing(client, [...labels.map(({ reach }) => reach), ...Object.keys(answers.without ?? {})]),
    mapped: labels.map(({ place }) => place),
    before: () => asSession(client, () => mapLabels(client, labels)),
    whenBack: () => asSession(client, () => fillMissing(client, answers.fill ?? {}, placed, undoing)),
    leaveOut: (place) =>
      asSession(client, () =>
        leaveOut(
          client,
          Object.fromEntries(
            Object.entries(answers.without ?? {}).filter(([one]) => !placed.has(one) && (place === undefined || one === place)),
          ),
          placed,
        ),
      ),
  };
}

/** Throws where an answer names something that no step had. */
export function requirePlaced({ fill, without }: Answers, placed: Placed, state: string): void {
  for (const place of Object.keys(fill ?? {})) {
    if (!placed.has(place))
      throw usage('wrong_arguments', `--fill takes schema.table.column=<expression>; there is no column ${place}.`, { state });
  }
  for (const [place, condition] of Object.entries(without ?? {})) {
    if (!placed.has(place))
      throw usage(
        'wrong_arguments',
        `--without takes schema.table=<condition>; there is no table ${place} with the columns of: ${condition}`,
        { state },
      );
  }
}

/** Old values that can't be matched to rows for want of a key: a question. */
export function requireMatched(reports: PutBackReport[], { allowUnmatched }: Answers, state: string): void {
  const unmatched = reports.filter((report) => report.unmatched > 0);
  if (unmatched.length === 0 || allowUnmatched) return;
  throw refused('row_conflict', "There are rows whose old values can't be put back: the table has no key, and users changed rows since.", {
    detail: unmatched.map((report) => `${report.table}: ${count(report.unmatched, 'row')}`),
    state,
    next: 'Leave those rows as they are, with the old values in the copy (npx supasnap kept): --allow-unmatched',
  });
}

/** Values that users wrote since and that a cast to the returned type changes: a question. */
export function requireCasts(
  changed: { column: string; count: number; examples: string[] }[],
  { acceptCast = [] }: Answers,
  state: string,
): void {
  const open = changed.filter(({ column }) => !acceptCast.includes(column));
  if (open.length === 0) return;
  throw refused('row_conflict', 'Values that were written since do not fit the type that returns.', {
    detail: open.map(({ column, count: rows, examples }) => `${column}: ${count(rows, 'row')}, such as ${examples.join(', ')}`),
    state,
    next: `Change those values, or let them be cut to fit (whole in the copy): ${open.map(({ column }) => `--accept-cast "${column}"`).join(' ')}`,
  });
}

/** Triggers of users may name tables as their session does. */
async function asSession(client: pg.Client, use: () => Promise<void>): Promise<void> {
  const { rows } = await client.query<{ path: string }>("select current_setting('search_path') as path");
  await client.query('set local search_path to default');
  await use();
  await client.query("select set_config('search_path', $1, true)", [rows[0]!.path]);
}

interface LabelColumn {
  /** schema.table.column */
  place: string;
  /** The table and the column, quoted. */
  reach: string;
  column: string;
  /** Of a column that holds an array of labels: its type. */
  array: string | null;
  label: string;
  other: string;
}

/** Columns of enum types whose labels are to be exchanged. */
async function labelColumns(client: pg.Client, map: Record<string, string>): Promise<LabelColumn[]> {
  const found: LabelColumn[] = [];
  for (const [place, other] of Object.entries(map)) {
    const [schema, type, ...label] = place.split('.');
    if (!schema || !type || label.length === 0)
      throw usage('wrong_arguments', `--map takes schema.type.label=other, not "${place}=${other}".`, { state: 'Nothing was changed.' });
    const { rows } = await client.query<Omit<LabelColumn, 'label' | 'other'>>(
      `select concat_ws('.', n.nspname, c.relname, a.attname) as place, format('%I.%I', n.nspname, c.relname) as reach, quote_ident(a.attname) as column, case when t.typelem <> 0 then format_type(t.oid, null) end as array
       from pg_attribute a join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p') and not c.relispartition join pg_namespace n on n.oid = c.relnamespace
       join pg_type t on t.oid = a.atttypid join pg_type e on e.oid in (t.oid, t.typelem) and e.typtype = 'e' join pg_namespace m on m.oid = e.typnamespace
       where m.nspname = $1 and e.typname = $2 and not a.attisdropped`,
      [schema, type],
    );
    for (const row of rows) found.push({ ...row, label: label.join('.'), other });
  }
  return found;
}

/** The tables that there are, as Effects name them; a name may be quoted or plain. */
async function existing(client: pg.Client, names: string[]): Promise<string[]> {
  const { rows } = await client.query<{ schema: string; name: string }>(
    `select distinct n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and (format('%I.%I', n.nspname, c.relname) = any($1) or n.nspname || '.' || c.relname = any($1))`,
    [names],
  );
  return rows.map(tableName);
}

async function mapLabels(client: pg.Client, columns: LabelColumn[]): Promise<void> {
  for (const { reach, column, array, label, other } of columns) {
    if (array)
      await client.query(
        `update ${reach} set ${column} = array_replace(${column}::text[], $2, $1)::${array} where $2 = any(${column}::text[])`,
        [other, label],
      );
    else await client.query(`update ${reach} set ${column} = $1 where ${column}::text = $2`, [other, label]);
  }
}

const undefinedName = ['42703', '42P01', '42883'];

/** Takes the rows out where their table has the columns that the condition names. */
async function leaveOut(client: pg.Client, without: Record<string, string>, placed: Placed): Promise<void> {
  for (const [place, condition] of Object.entries(without)) {
    for (const table of await existing(client, [place])) {
      await client.query('savepoint supasnap_without');
      try {
        const { rowCount } = await client.query(`delete from ${table} where ${condition}`);
        placed.set(place, (placed.get(place) ?? 0) + (rowCount ?? 0));
      } catch (error) {
        const { code, where } = error as { code?: string; where?: string };
        if (!undefinedName.includes(code ?? '') || where)
          throw usage('wrong_arguments', `--without "${place}=${condition}": ${(error as Error).message}`, {
            state: 'Nothing was changed: the transaction was rolled back.',
            cause: error,
          });
        await client.query('rollback to savepoint supasnap_without');
      }
      await client.query('release savepoint supasnap_without');
    }
  }
}

/** Values for rows that came since; a row that had none before has none again. */
async function fillMissing(client: pg.Client, fill: Record<string, string>, placed: Placed, undoing: KeptItem[]): Promise<void> {
  if (Object.keys(fill).length === 0) return;
  const shapes = await readShapes(client);
  for (const [place, expression] of Object.entries(fill)) {
    const table = [...shapes.values()].find(({ schema, name, columns }) =>
      columns.some((column) => `${schema}.${name}.${column.name}` === place),
    );
    if (!table) continue;
    const column = table.columns.find(({ name }) => `${table.schema}.${table.name}.${name}` === place)!;
    const hadNone = undoing.flatMap((item) => {
      const keys = findTable(shapes, item)?.key === table.key ? presentKey(table, item) : undefined;
      const kept = item.columns.find((one) => present(table, item, one)?.number === column.number);
      return keys && kept
        ? [
            ` and not exists (select from ${copyOf(item.relation)} k where k.mark <> 'i' and ${sameRow(item.rowKey, keys)} and k.${before(kept)} is null)`,
          ]
        : [];
    });
    await client.query(
      `update ${reach(table)} set ${quoteName(column.name)} = ${expression} where (tableoid, ctid) in (select t.tableoid, t.ctid from ${reach(table)} t where ${live(column)} is null${hadNone.join('')})`,
    );
    placed.set(place, 0);
  }
}

/** The table that a question names is the partitioned one, not the part of it that the server stumbled over. */
export async function nameRoot(client: pg.Client, error: unknown): Promise<void> {
  const cause = causeOf(error);
  if (cause?.code !== '23502' || !cause.table) return;
  const { rows } = await client.query<{ schema: string; table: string }>(
    'select n.nspname as schema, c.relname as table from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = pg_partition_root(to_regclass($1))',
    [tableName({ schema: cause.schema!, name: cause.table })],
  );
  Object.assign(cause, rows[0]);
}

/** The table ("schema.table") whose rows the server refuses, where --without can answer that. */
export function misfitTable(error: unknown): string | undefined {
  const cause = causeOf(error);
  if (!cause || !misfits[cause.code ?? '']) return undefined;
  const found = whichRows((error as Problem).place?.text ?? '')?.table.replaceAll('"', '');
  return found ?? (cause.table ? `${cause.schema}.${cause.table}` : undefined);
}

/** What the server says of rows that have no place in the earlier schema, as a question with the flag that answers it. */
export const asQuestion = (error: unknown, state: string): unknown =>
  needsMap(error, state) ?? needsFill(error, state) ?? doesNotFit(error, state) ?? error;

interface Cause {
  code?: string;
  message?: string;
  detail?: string;
  schema?: string;
  table?: string;
  column?: string;
}

const causeOf = (error: unknown): Cause | undefined => (error instanceof Problem ? (error.cause as Cause | undefined) : undefined);

/** Rows use a label that goes. */
function needsMap(error: unknown, state: string): Problem | undefined {
  const cause = causeOf(error);
  const label = cause?.code === '22P02' ? /^invalid input value for enum (.+?): "(.*)"$/s.exec(cause.message ?? '') : null;
  if (!label) return undefined;
  const type = label[1]!.replaceAll('"', '');
  return refused('row_conflict', `Rows use the label '${label[2]}' of ${type}, which goes with this rollback.`, {
    state,
    next: `Say which label they get instead: --map "${type.includes('.') ? type : `public.${type}`}.${label[2]}=<other label>"`,
    cause,
  });
}

/** Rows that came since have no value for a returned column. */
function needsFill(error: unknown, state: string): Problem | undefined {
  const cause = causeOf(error);
  if (cause?.code !== '23502' || !cause.column) return undefined;
  const place = `${cause.schema}.${cause.table}.${cause.column}`;
  return refused('row_conflict', `There are rows without a value for ${place}, which must not be null again.`, {
    state,
    next: `Say which value they get: --fill "${place}=<SQL expression>"`,
    cause,
  });
}

/** What the server says when rows meet a constraint or a type that returns: each of these is about rows, not about the plan. */
const misfits: Record<string, string> = {
  '23505': 'have a value twice that must be unique again',
  '23514': 'break a check that returns',
  '23503': 'point to rows that are not there',
  '23P01': "are in each other's way under a constraint that returns",
  '22001': 'are too long for the type that returns',
  '22003': 'are out of range for the type that returns',
  '22P02': 'do not fit the type that returns',
  '22007': 'do not fit the type that returns',
};

/** Rows that came since have no place in the earlier schema: which, as far as the server says it, and how to find the others. */
function doesNotFit(error: unknown, state: string): Problem | undefined {
  const problem = error instanceof Problem ? error : undefined;
  const cause = causeOf(error);
  const words = misfits[cause?.code ?? ''];
  if (!problem || !words) return undefined;
  const { table, condition, all } = whichRows(problem.place?.text ?? '') ?? {};
  const place = table?.replaceAll('"', '') ?? (cause!.table ? `${cause!.schema}.${cause!.table}` : 'schema.table');
  return refused('row_conflict', `Rows ${words}: ${cause!.message} (${cause!.code})`, {
    place: problem.place,
    detail: [
      ...(cause!.detail ? [cause!.detail] : []),
      ...(condition ? [`In ${table}, as the rollback finds it, they are those where ${condition}.`] : []),
    ],
    state,
    next: `Change those rows so that they fit, or let the rollback take them out and keep them: --without ${forShell(`${place}=${(all && condition) || '<SQL condition>'}`)}`,
    cause,
  });
}

const name = String.raw`(?:"(?:[^"]|"")+"|[\w$]+)`;
const table = `(${name}\\.${name})`;

/** The rows that stand against a constraint which is about to be added, and whether all of them have to go. */
export function whichRows(statement: string): { table: string; condition: string; all: boolean } | undefined {
  const check = new RegExp(`^\\s*ALTER TABLE (?:ONLY )?${table} ADD CONSTRAINT ${name} CHECK (\\(.*\\))`, 's').exec(statement);
  if (check) return { table: check[1]!, condition: `not ${check[2]}`, all: true };
  const reference = new RegExp(
    `^\\s*ALTER TABLE (?:ONLY )?${table} ADD CONSTRAINT ${name} FOREIGN KEY \\((.*?)\\) REFERENCES ${table} ?\\((.*?)\\)`,
    's',
  ).exec(statement);
  if (reference) {
    const [, child, own, parent, theirs] = reference as unknown as [string, string, string, string, string];
    const given = (columns: string) =>
      columns
        .split(/, */)
        .map((column) => `${column} is not null`)
        .join(' and ');
    return {
      table: child,
      condition: `${given(own)} and (${own}) not in (select ${theirs} from ${parent} where ${given(theirs)})`,
      all: true,
    };
  }
  const unique =
    new RegExp(`^\\s*ALTER TABLE (?:ONLY )?${table} ADD CONSTRAINT ${name} (?:UNIQUE|PRIMARY KEY) \\((.*?)\\)`, 's').exec(statement) ??
    new RegExp(`^\\s*CREATE UNIQUE INDEX ${name} ON (?:ONLY )?${table} USING btree \\(([^()]*)\\)\\s*;?\\s*$`, 's').exec(statement);
  return unique
    ? {
        table: unique[1]!,
        condition: `(${unique[2]}) in (select ${unique[2]} from ${unique[1]} group by ${unique[2]} having count(*) > 1)`,
        all: false,
      }
    : undefined;
}
