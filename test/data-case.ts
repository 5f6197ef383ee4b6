import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { migrate } from '../src/commands/migrate.ts';
import { rollback } from '../src/commands/rollback.ts';
import type { Answers } from '../src/commands/rollback-answers.ts';
import { Problem } from '../src/errors.ts';
import { embeddedShadow } from '../src/shadow/embedded.ts';
import type { UseShadow } from '../src/shadow/shadows.ts';
import { type ConnectionSettings, quoteName, withClient } from '../src/target/connection.ts';
import { quietContext, runLikeMigration, scriptOf } from './corpus-case.ts';
import { type CaseHome, dropCase } from './postgres/case-database.ts';
import { withProject } from './project.ts';

/** Rows by "schema.table": each a column → text (or null) record, in primary key order, or sorted where there is no key. */
export type Rows = Record<string, Record<string, string | null>[]>;

export interface DataOutcome {
  /** After the migration and what users wrote since. */
  written: Rows;
  /** After the rollback. */
  back: Rows;
  /** After the rollback file was run by hand, in a copy of the database; undefined where a choice is needed, or where the file says that it returns no rows. */
  byHand?: Rows;
  /** The same at the very end, where columns that came back have other numbers. */
  byHandAgain?: Rows;
  /** After the rollback was undone. */
  undone: Rows;
  /** After it was done once more. */
  again: Rows;
  /** After going forward again. */
  forward: Rows;
  /** What the rollback said without its answers, where the case has answers, and the rows then. */
  refusal?: { problem: Problem; rows: Rows };
}

const timestamp = '20260101000000';
const folder = fileURLToPath(new URL('corpus-data', import.meta.url));
const text = (path: string) => readFileSync(`${folder}/${path}`, 'utf8');

const expectedRows = (name: string): Rows => JSON.parse(text(`${name}/after_rollback.json`)) as Rows;

/** before.sql, seed.sql, migrate, writes_after.sql, roll back, undo that, roll back, forward again: what the rows are at each turn. */
export async function runDataCase(home: CaseHome, name: string): Promise<DataOutcome> {
  const database = `data_${counter++}`;
  const settings = await home.create(
    database,
    ['before.sql', 'seed.sql', 'migration.sql', 'writes_after.sql'].map((file) => text(`${name}/${file}`)),
  );
  const shadow: UseShadow = async (state, use) => use(await embeddedShadow(home.shadows, state, `${database}_shadow`));
  const run = (file: string) =>
    withClient(settings, async (client) => runLikeMigration(client, await scriptOf(file, text(`${name}/${file}`))));
  try {
    await run('before.sql');
    await run('seed.sql');
    return await withProject({ [`supabase/migrations/${timestamp}_v1_0_0_case.sql`]: text(`${name}/migration.sql`) }, async (project) => {
      const context = quietContext(project.folder, settings, 'bundled');
      await migrate(context, { shadow });
      await run('writes_after.sql');
      const written = await readRows(settings);
      const answers = readAnswers(name);
      const refusal = answers && {
        problem: await refusalOf(() => rollback(context, { to: timestamp, shadow })),
        rows: await readRows(settings),
      };
      const file = await readFile(`${project.folder}/supabase/rollback/${timestamp}_rollback.sql`, 'utf8');
      const byHand =
        answers || !/^-- Rows: run by hand, this file puts back/m.test(file) ? undefined : await runByHand(home, settings, file);
      const { done } = await rollback(context, { to: timestamp, shadow, ...answers });
      const back = await readRows(settings);
      await rollback(context, { to: done!.snapshotBefore, shadow });
      const undone = await readRows(settings);
      await rollback(context, { to: timestamp, shadow, ...answers });
      const again = await readRows(settings);
      await migrate(context, { shadow });
      const forward = await readRows(settings);
      const latest = await readFile(`${project.folder}/supabase/rollback/${timestamp}_rollback.sql`, 'utf8');
      const byHandAgain = byHand && (await runByHand(home, settings, latest));
      return { written, ...(byHand ? { byHand, byHandAgain } : {}), back, undone, again, forward, ...(refusal ? { refusal } : {}) };
    });
  } finally {
    await dropCase(home, database);
  }
}

/** What the rows are where the file is run with one client and nothing else. */
async function runByHand({ superuser }: CaseHome, settings: ConnectionSettings, file: string): Promise<Rows> {
  const database = `${settings.database}_by_hand`;
  await withClient(superuser, (client) =>
    client.query(`create database ${quoteName(database)} template ${quoteName(settings.database)} owner ${quoteName(settings.user)}`),
  );
  try {
    await withClient({ ...settings, database }, (client) => client.query(file));
    return await readRows({ ...settings, database });
  } finally {
    await withClient(superuser, (client) => client.query(`drop database ${quoteName(database)} with (force)`));
  }
}

let counter = 0;

/** The flag that the refusal of a case has to name. */
const flagOf = (name: string): string => (JSON.parse(text(`${name}/answers.json`)) as { rollback: string[] }).rollback[0]!;

/** The flags of a case's answers, as the command line would give them. */
function readAnswers(name: string): Answers | undefined {
  if (!existsSync(`${folder}/${name}/answers.json`)) return undefined;
  const words = (JSON.parse(text(`${name}/answers.json`)) as { rollback: string[] }).rollback;
  const answers = {
    fill: {} as Record<string, string>,
    map: {} as Record<string, string>,
    without: {} as Record<string, string>,
    acceptCast: [] as string[],
    allowUnmatched: false,
  };
  for (let at = 0; at < words.length; at++) {
    const flag = words[at]!.replace(/^--/, '');
    if (flag === 'allow-unmatched') answers.allowUnmatched = true;
    else if (flag === 'accept-cast') answers.acceptCast.push(words[++at]!);
    else {
      const [place, value] = words[++at]!.split(/=(.*)/s) as [string, string];
      answers[flag as 'fill' | 'map' | 'without'][place] = value;
    }
  }
  return answers;
}

async function refusalOf(run: () => Promise<unknown>): Promise<Problem> {
  try {
    await run();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

/** Every row of every table of users, each table's own, as text. */
export async function readRows(settings: ConnectionSettings): Promise<Rows> {
  return withClient(settings, async (client) => {
    await client.query(
      "set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set extra_float_digits = 1; set lc_monetary = 'C'; set row_security = off",
    );
    const { rows: tables } = await client.query<{ name: string; reach: string; columns: string[]; key: string[] }>(`
      select n.nspname || '.' || c.relname as name, format('%I.%I', n.nspname, c.relname) as reach,
        array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as columns,
        array(select a.attname::text from pg_index i cross join unnest(i.indkey::int2[]) with ordinality u (number, place)
              join pg_attribute a on a.attrelid = c.oid and a.attnum = u.number where i.indrelid = c.oid and i.indisprimary order by u.place) as key
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and n.nspname not in ('auth', 'storage', 'realtime', 'supabase_migrations', 'supabase_functions', 'information_schema', 'extensions', '_realtime') and n.nspname not like 'pg\\_%'
        and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
      order by 1`);
    const result: Rows = {};
    const { rows: sequences } = await client.query<{ name: string; reach: string }>(`
      select 'sequence ' || n.nspname || '.' || c.relname as name, format('%I.%I', n.nspname, c.relname) as reach from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'S' and n.nspname not in ('auth', 'storage', 'realtime', 'supabase_migrations', 'graphql') and n.nspname not like 'pg\\_%'
        and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i', 'e') and d.refobjsubid > 0)`);
    for (const { name, reach } of sequences)
      result[name] = (await client.query<{ last: string }>(`select last_value::text as last from ${reach}`)).rows;
    for (const { name, reach, columns, key } of tables) {
      const order = key.length > 0 ? ` order by ${key.map((column) => `t.${quoteName(column)}`).join(', ')}` : '';
      const { rows } = await client.query<Record<string, string | null>>(
        `select ${columns.map((column) => `t.${quoteName(column)}::text as ${quoteName(column)}`).join(', ')} from only ${reach} t${order}`,
      );
      result[name] = key.length > 0 ? rows : sorted(rows);
    }
    return result;
  });
}

/** Column order does not matter: a returned column stands last. */
export const sorted = (rows: Record<string, string | null>[]) =>
  [...rows].sort((a, b) => (JSON.stringify(Object.entries(a).sort()) < JSON.stringify(Object.entries(b).sort()) ? -1 : 1));

/** The rows were at each turn what the case's file says. */
export function expectRows(name: string, outcome: DataOutcome): void {
  if (outcome.refusal) {
    expect(outcome.refusal.problem).toMatchObject({ exitCode: 3, code: 'row_conflict' });
    expect(outcome.refusal.problem.next).toContain(flagOf(name));
    expect(outcome.refusal.rows).toEqual(outcome.written);
  }
  expect(comparable(outcome.back)).toEqual(comparable(expectedRows(name)));
  expect(outcome.byHand ?? outcome.refusal).toBeDefined();
  if (outcome.byHand) expect(comparable(outcome.byHand)).toEqual(comparable(outcome.back));
  if (outcome.byHandAgain) expect(comparable(outcome.byHandAgain)).toEqual(comparable(outcome.back));
  expect(comparable(outcome.undone)).toEqual(comparable(outcome.written));
  expect(comparable(outcome.again)).toEqual(comparable(outcome.back));
  expect(comparable(outcome.forward)).toEqual(comparable(outcome.written));
}

const comparable = (rows: Rows): Rows => Object.fromEntries(Object.entries(rows).map(([table, list]) => [table, sorted(list)]));
