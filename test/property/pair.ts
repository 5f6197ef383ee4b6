import type pg from 'pg';
import { migrate } from '../../src/commands/migrate.ts';
import { rollback } from '../../src/commands/rollback.ts';
import { Problem } from '../../src/errors.ts';
import { embeddedShadow } from '../../src/shadow/embedded.ts';
import type { UseShadow } from '../../src/shadow/shadows.ts';
import { compareDumps } from '../../src/snapshot/canonical.ts';
import { factDifferences, readFacts } from '../../src/snapshot/facts.ts';
import { dumpSchema } from '../../src/snapshot/pg-dump/dump.ts';
import { type ConnectionSettings, quoteName, withClient } from '../../src/target/connection.ts';
import type { EmbeddedServer } from '../../src/target/embedded/server.ts';
import { quietContext } from '../corpus-case.ts';
import { readRows, type Rows, sorted } from '../data-case.ts';
import { createCaseDatabase } from '../postgres/case-database.ts';
import { withProject } from '../project.ts';
import { drawFrom } from '../random.ts';
import { additions, drawMigration } from './changes.ts';
import { at, drawSchema, insertSql, type Schema } from './schema.ts';

/** What became of a pair. `drawnAgain`: how often the server refused what was drawn, which is then no case. */
export interface Outcome {
  drawnAgain: number;
  /** `asked`: rows that came since had no place in the earlier schema; without them it went. */
  end: 'back' | 'asked, then back' | 'not migrated';
  /** What the tool said where it asked, or would not migrate. */
  said?: string;
}

const timestamp = '20260101000000';
/** Rows that users write have this id. */
const ofUser = 5000;

interface Pair {
  before: Schema;
  after: Schema;
  schemaSql: string;
  migrationSql: string;
}

/** Draws until the server takes it, migrates, lets users write, rolls back and judges. Throws with the SQL of the pair. */
export async function runPair(server: EmbeddedServer, seed: number): Promise<Outcome> {
  const database = `property_${seed}`;
  const shadow: UseShadow = async (state, use) => use(await embeddedShadow(server, state, `${database}_shadow`));
  const drop = () =>
    withClient(server.superuser, async (client) => {
      for (const each of [database, `${database}_shadow`]) await client.query(`drop database if exists ${quoteName(each)} with (force)`);
    });
  try {
    for (let drawnAgain = 0; drawnAgain < 50; drawnAgain++) {
      const pair = drawPair(seed * 100 + drawnAgain);
      const settings = await createCaseDatabase(server, database, []);
      if (!(await isTaken(settings, pair))) {
        await drop();
        continue;
      }
      const outcome = await judgePair(settings, pair, shadow).catch((error: unknown) => {
        const told = error instanceof Problem ? [error.message, ...error.detail].join('\n') : (error as Error).message;
        throw new Error(`${told}\n-- Schema\n${pair.schemaSql}\n-- Migration\n${pair.migrationSql}`, { cause: error });
      });
      return { drawnAgain, ...outcome };
    }
    throw new Error('Fifty times the server refused what was drawn.');
  } finally {
    await drop();
  }
}

export function drawPair(seed: number): Pair {
  const draw = drawFrom(seed);
  const { schema, sql } = drawSchema(draw, (own, drawn) => own.one(additions)(own, drawn));
  const after = structuredClone(schema);
  const migration = drawMigration(draw, after);
  return { before: schema, after, schemaSql: sql.join('\n'), migrationSql: `${migration.join('\n')}\n` };
}

/** Loads the schema, and says whether the server takes the migration; that is rolled back. */
const isTaken = (settings: ConnectionSettings, { schemaSql, migrationSql }: Pair): Promise<boolean> =>
  withClient(settings, async (client) => {
    try {
      await client.query(schemaSql);
      if (migrationSql.trim() === '') return false;
      await client.query(`begin;\n${migrationSql}\nset constraints all immediate`);
      return true;
    } catch {
      return false;
    } finally {
      await client.query('rollback');
    }
  });

const judgePair = (settings: ConnectionSettings, pair: Pair, shadow: UseShadow): Promise<Omit<Outcome, 'drawnAgain'>> =>
  withProject({ [`supabase/migrations/${timestamp}_v1_0_0_drawn.sql`]: pair.migrationSql }, async (project) => {
    const context = quietContext(project.folder, settings, 'bundled');
    const before = await look(settings);
    try {
      await migrate(context, { shadow });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      requireBack(before, await look(settings), before.rows, 'It was not migrated, and something is changed');
      return { end: 'not migrated', said: `${error.exitCode}: ${[error.message, ...error.detail].join(' | ')}` };
    }
    const wrote = await withClient(settings, (client) => writeAsUser(client, pair));
    const written = await readRows(settings);
    const to = `v1.0.0_${timestamp}`;
    const said = await rollback(context, { to, shadow }).then(() => undefined, asked);
    if (said !== undefined) {
      requireRows(await readRows(settings), written, 'It asked, and rows are changed');
      await withClient(settings, (client) => takeBackInserts(client, pair.after, wrote));
      for (const own of wrote.values()) own.inserted = false;
      await rollback(context, { to, shadow });
    }
    requireBack(
      before,
      await look(settings),
      expectedRows(before.rows, pair, wrote),
      said === undefined ? 'After the rollback' : `After the rollback that first asked (${said})`,
    );
    return said === undefined ? { end: 'back' } : { end: 'asked, then back', said };
  });

function asked(error: unknown): string {
  if (error instanceof Problem && error.exitCode === 3) return [error.message, ...error.detail].join(' | ');
  throw error;
}

/** What users wrote into a table, by the table's number. */
type Wrote = Map<number, { inserted: boolean; updated: boolean; deleted: boolean }>;

/** Into each table that was there before and still is: a row is inserted, one changed where no migration does, one deleted where nothing refers to it. */
async function writeAsUser(client: pg.Client, { before, after }: Pair): Promise<Wrote> {
  const wrote: Wrote = new Map();
  for (const table of after.tables.filter(({ number }) => before.tables.some((one) => one.number === number))) {
    const required = table.columns.filter(({ notNull, hasDefault }) => notNull && !hasDefault);
    const isReferred = [...before.tables, ...after.tables].some(({ refersTo }) => refersTo.includes(table.number));
    const attempt = async (sql: string) =>
      (await client.query(sql).then(
        ({ rowCount }) => rowCount,
        () => 0,
      )) === 1;
    wrote.set(table.number, {
      inserted: await attempt(insertSql(table, ofUser, 'of a user', required, after)),
      updated: await attempt(`update ${at(table)} set note = 'changed by a user' where id = 2`),
      deleted: !isReferred && (await attempt(`delete from ${at(table)} where id = 3`)),
    });
  }
  return wrote;
}

async function takeBackInserts(client: pg.Client, { tables }: Schema, wrote: Wrote): Promise<void> {
  for (const table of tables) if (wrote.get(table.number)?.inserted) await client.query(`delete from ${at(table)} where id = ${ofUser}`);
}

/** The model: rows of before come back exactly, but for what users did since. Of a row that they inserted only `id` and `note` are told. */
function expectedRows(before: Rows, pair: Pair, wrote: Wrote): Rows {
  const expected = structuredClone(before);
  for (const table of pair.before.tables) {
    const own = wrote.get(table.number);
    const key = `public.${table.name}`;
    if (!own) continue;
    expected[key] = expected[key]!.filter(({ id }) => !(own.deleted && id === '3')).map((row) =>
      own.updated && row.id === '2' ? { ...row, note: 'changed by a user' } : row,
    );
    if (own.inserted) expected[key].push({ id: String(ofUser), note: 'of a user' });
  }
  return expected;
}

interface Look {
  dump: string;
  facts: Awaited<ReturnType<typeof readFacts>>;
  rows: Rows;
}

async function look(settings: ConnectionSettings): Promise<Look> {
  const [{ sql }, facts, rows] = await Promise.all([
    dumpSchema(settings, { choice: 'bundled', serverVersion: 170_000, excludeSchemas: ['supabase_migrations'], lockWaitMs: 30_000 }),
    withClient(settings, (client) => readFacts(client, { insideTransaction: false })),
    readRows(settings),
  ]);
  return { dump: sql, facts, rows };
}

function requireBack(before: Look, after: Look, rows: Rows, when: string): void {
  const differences = [
    ...compareDumps(before.dump, after.dump).differences,
    ...factDifferences(before.facts, after.facts).filter((line) => !line.includes('supabase_migrations')),
  ];
  if (differences.length > 0) throw new Error(`${when}, the schema differs:\n${differences.join('\n')}`);
  requireRows(after.rows, rows, `${when}, rows differ`);
}

function requireRows(found: Rows, wanted: Rows, when: string): void {
  const tables = [...new Set([...Object.keys(found), ...Object.keys(wanted)])].filter((name) => !name.startsWith('sequence '));
  const lines = tables.flatMap((table) => differencesOf(table, found[table], wanted[table]));
  if (lines.length > 0) throw new Error(`${when}:\n${lines.join('\n')}`);
}

function differencesOf(table: string, found: Rows[string] | undefined, wanted: Rows[string] | undefined): string[] {
  if (!found || !wanted) return [`table ${table} is ${found ? 'too many' : 'missing'}`];
  // Of a user's row the model tells less.
  const alike = found.map((row) =>
    row.id === String(ofUser) && wanted.some((one) => one.id === row.id && Object.keys(one).length === 2)
      ? { id: row.id, note: row.note! }
      : row,
  );
  const line = (row: Rows[string][number]) => JSON.stringify(Object.fromEntries(Object.entries(row).sort()));
  const [has, needs] = [sorted(alike).map(line), sorted(wanted).map(line)];
  return [
    ...has.filter((one) => !needs.includes(one)).map((one) => `+ ${table} ${one}`),
    ...needs.filter((one) => !has.includes(one)).map((one) => `- ${table} ${one}`),
  ];
}
