import type pg from 'pg';
import { quoteName, quoteText } from '../sql-names.ts';
import { attempt, isRefusal } from './seed-attempt.ts';
import type { SeedTable } from './seed-catalog.ts';
import { NoValue, planRow, planTable, turnOver, type Seeding, type SeededRow, type TablePlan, type Values } from './seed-rows.ts';

/** Tries per row; a row that none of them brings in ends its table. */
const mostTries = 40;

/** Fills one table and notes its rows in `seeding.rows`. Gives the reason where none went in. */
export async function fillTable(client: pg.Client, seeding: Seeding, table: SeedTable): Promise<string | undefined> {
  const plan = planTable(seeding, table);
  const rows: SeededRow[] = [];
  seeding.rows.set(table.number, rows);
  try {
    for (let place = 0; place < seeding.perTable; place += 1) rows.push({ values: planDistinct(seeding, plan, place, rows) });
    await insert(client, seeding, table, rows);
    return undefined;
  } catch (error) {
    if (!isRefusal(error) && !(error instanceof NoValue)) throw error;
    rows.length = 0;
  }
  return fillRowByRow(client, seeding, plan, rows);
}

async function fillRowByRow(client: pg.Client, seeding: Seeding, plan: TablePlan, rows: SeededRow[]): Promise<string | undefined> {
  let reason = 'no row was asked for';
  for (let place = 0; place < seeding.perTable; place += 1) {
    const failures = new Map<string, number>();
    let done = false;
    for (let tries = 0; tries < mostTries && !done; tries += 1) {
      try {
        const row = { values: planDistinct(seeding, plan, place, rows) };
        await insert(client, seeding, plan.table, [row]);
        rows.push(row);
        done = true;
      } catch (error) {
        if (!isRefusal(error) && !(error instanceof NoValue)) throw error;
        reason = error.message;
        if (error instanceof NoValue ? !referOtherwise(plan, tries) : !learn(plan, error, failures)) break;
      }
    }
    if (!done) break;
  }
  return rows.length > 0 ? undefined : reason;
}

/** A row that repeats no unique key of those before it, where a few tries find one. */
function planDistinct(seeding: Seeding, plan: TablePlan, place: number, rows: SeededRow[]): Values {
  const { shift } = plan;
  const { keys } = plan.table;
  const repeats = (values: Values) =>
    keys.some(({ columns, nullsEqual }) =>
      rows.some((row) =>
        columns.every((name) => {
          const value = values.get(name);
          return value === row.values.get(name) && (typeof value === 'string' || (value === null && nullsEqual));
        }),
      ),
    );
  for (let step = 0; step < 6; step += 1) {
    plan.shift = shift + step;
    const values = planRow(seeding, plan, place);
    if (!repeats(values)) return values;
  }
  plan.shift = shift;
  throw new NoValue('its unique keys leave no room for another row');
}

/** Another row for each foreign key, in another combination. */
function referOtherwise({ table, turns }: TablePlan, tries: number): boolean {
  const columns = table.foreignKeys.flatMap((key) => key.columns);
  for (const [at, name] of columns.entries()) turns.set(name, (tries + 1) * (at + 1));
  return columns.length > 0 && tries < 8;
}

/** Sets the plan on another way after a refusal. False where no other value can help. */
function learn(plan: TablePlan, error: pg.DatabaseError, failures: Map<string, number>): boolean {
  const { code = '', constraint = '' } = error;
  if (!/^(22|23|P0|XX|42704|42804|2F)/.test(code)) return false;
  const columns = blamed(plan, error);
  const reason = `${code} ${constraint} ${columns.join()}`;
  const times = (failures.get(reason) ?? 0) + 1;
  failures.set(reason, times);
  if (code === '23505' || code === '23P01') {
    plan.shift += 1;
    if (times <= 3) return true;
  }
  turnOver(plan, columns, times);
  return true;
}

/** The columns that a refusal is about: by the constraint it names, the column, the domain, the partition; else all. */
function blamed(
  { table, choices }: TablePlan,
  { code, constraint = '', column = '', dataType = '', schema = '', message }: pg.DatabaseError,
): string[] {
  const named = table.parts[constraint] ?? table.foreignKeys.find(({ name }) => name === constraint)?.columns;
  if (named && named.length > 0) return named;
  if (choices.has(column)) return [column];
  if (table.generated[column]?.length) return table.generated[column];
  if (code === '23514' && constraint === '' && table.partitionColumns.length > 0) return table.partitionColumns;
  const typed = table.columns.filter(({ typeName }) => dataType !== '' && typeName === `${schema}.${dataType}`).map(({ name }) => name);
  if (typed.length > 0) return typed;
  const quoted = table.columns.filter(({ name }) => message.includes(`"${name}"`)).map(({ name }) => name);
  return quoted.length > 0 ? quoted : table.columns.map(({ name }) => name);
}

/** Inserts rows in a savepoint and notes where they are and what the server made of the values that others refer to. */
async function insert(client: pg.Client, seeding: Seeding, table: SeedTable, rows: SeededRow[]): Promise<void> {
  const asked = seeding.linked.get(table.number) ?? [];
  const there = await attempt(client, insertSql(table, rows, asked));
  if (there.length < rows.length) throw new NoValue('a rule or trigger keeps rows out');
  there.forEach(([holder, ctid, ...values], at) => {
    const row = rows[at]!;
    row.holder = Number(holder);
    row.ctid = ctid!;
    for (const [place, name] of asked.entries()) row.values.set(name, values[place]!);
  });
}

function insertSql(table: SeedTable, rows: SeededRow[], asked: string[]): string {
  const reach = reachOf(table);
  const returning = `returning tableoid::bigint, ctid${asked.map((name) => `, ${quoteName(name)}::text`).join('')}`;
  const names = table.columns.map(({ name }) => name);
  if (names.length === 0) return `insert into ${reach} default values ${returning}`;
  const tuples = rows.map(({ values }) => `(${names.map((name) => literal(values.get(name))).join(', ')})`);
  return `insert into ${reach} (${names.map(quoteName).join(', ')}) overriding system value values ${tuples.join(', ')} ${returning}`;
}

export const reachOf = ({ schema, name }: Pick<SeedTable, 'schema' | 'name'>) => `${quoteName(schema)}.${quoteName(name)}`;

export const literal = (value: string | null | undefined) => (value === undefined ? 'default' : value === null ? 'null' : quoteText(value));
