import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { migrate } from '../src/commands/migrate.ts';
import { rollback } from '../src/commands/rollback.ts';
import { readConfig } from '../src/config/config.ts';
import type { Context } from '../src/context.ts';
import { Problem } from '../src/errors.ts';
import { planExecution } from '../src/migration/transaction.ts';
import { splitStatements } from '../src/migration/statements.ts';
import { embeddedShadow } from '../src/shadow/embedded.ts';
import type { UseShadow } from '../src/shadow/shadows.ts';
import { compareDumps } from '../src/snapshot/canonical.ts';
import { catalogCheck } from '../src/snapshot/catalog-check.ts';
import { dumpSchema, type PgDumpChoice } from '../src/snapshot/pg-dump/dump.ts';
import { type ConnectionSettings, withClient } from '../src/target/connection.ts';
import { inTransaction, runBatches, runSteps } from '../src/transition/execute.ts';
import type { Script } from '../src/transition/script.ts';
import { type CaseHome, dropCase } from './postgres/case-database.ts';
import { withProject } from './project.ts';

/** What a case's database was like before, in between and after. */
export interface Outcome {
  before: Seen;
  /** The snapshot that the tool took after the migration; undefined when it refused. */
  migrated?: string;
  after: Seen;
  /** Why the tool did not migrate. */
  refusal?: Problem;
  /** What the tool had to ask before it rolled back. */
  question?: Problem;
}

interface Seen {
  /** pg_dump's text of every schema but the history's. */
  dump: string;
  catalog: string;
  history: unknown[];
}

const timestamp = '20260101000000';
const timeouts = { lockTimeoutMs: 30_000, statementTimeoutMs: 60_000 };

/** Loads before.sql into a fresh database, migrates with migration.sql and rolls back, as a user of the library would. */
export async function runCase(home: CaseHome, name: string, pgDump: PgDumpChoice = 'bundled'): Promise<Outcome> {
  const database = `corpus_${process.pid}_${counter++}`;
  const [before, migration] = [text(`${name}/before.sql`), text(`${name}/migration.sql`)];
  const settings = await home.create(database, [before, migration]);
  const shadow: UseShadow = async (state, use) => use(await embeddedShadow(home.shadows, state, `${database}_shadow`));
  try {
    await withClient(settings, async (client) => runLikeMigration(client, await scriptOf(`${name}/before.sql`, before)));
    const seenBefore = await look(home.major, settings, pgDump);
    return await withProject({ [`supabase/migrations/${timestamp}_v1_0_0_case.sql`]: migration }, async (project) => {
      const context = quietContext(project.folder, settings, pgDump);
      const refusal = await refusalOf(() => migrate(context, { shadow }));
      if (refusal) return { before: seenBefore, after: await look(home.major, settings, pgDump), refusal };
      const migrated = project.read(`supabase/snapshots/v1.0.0_${timestamp}_after.sql`);
      const question = await refusalOf(() => rollback(context, { to: `v1.0.0_${timestamp}`, shadow }));
      return { before: seenBefore, migrated, after: await look(home.major, settings, pgDump), question };
    });
  } finally {
    await dropCase(home, database);
  }
}

/** It migrated, changed the schema, and went back to the same dump. */
export function expectBack({ before, migrated, after, question }: Outcome): void {
  expect(question && [question.message, ...question.detail].join('\n')).toBeUndefined();
  expect(migrated, 'the migration changed the schema').not.toBe(before.dump);
  expect(compareDumps(before.dump, after.dump).differences).toEqual([]);
  expect(after.history).toEqual([]);
}

let counter = 0;

/** The Problem with which a guard refused (exit 3); undefined when it went through. Anything else is thrown on. */
async function refusalOf(run: () => Promise<unknown>): Promise<Problem | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (error instanceof Problem && error.exitCode === 3) return error;
    throw error;
  }
}

export const quietContext = (workdir: string, settings: ConnectionSettings, pgDump: PgDumpChoice): Context => {
  const config = readConfig(workdir, workdir);
  const quiet = () => {};
  return {
    config: { ...config, settings: { ...config.settings, pgDump, lockTimeoutMs: timeouts.lockTimeoutMs } },
    target: { remote: `postgresql://${settings.user}:${settings.password}@${settings.host}:${settings.port}/${settings.database}` },
    environment: {},
    report: { target: quiet, step: quiet, note: quiet, warn: quiet },
    now: () => new Date(),
    yes: true,
    secret: quiet,
  };
};

async function look(major: number, settings: ConnectionSettings, pgDump: PgDumpChoice): Promise<Seen> {
  const dumping = dumpSchema(settings, {
    choice: pgDump,
    serverVersion: major * 10_000,
    excludeSchemas: ['supabase_migrations'],
    lockWaitMs: 30_000,
  });
  const [{ sql }, seen] = await Promise.all([
    dumping,
    withClient(settings, async (client) => {
      const { rows: found } = await client.query<{ there: boolean }>(
        "select to_regclass('supabase_migrations.schema_migrations') is not null as there",
      );
      const history = found[0]!.there ? (await client.query('select * from supabase_migrations.schema_migrations')).rows : [];
      return { catalog: await catalogCheck(client), history };
    }),
  ]);
  return { dump: sql, ...seen };
}

/** A case's SQL, ready to run. */
export async function scriptOf(path: string, sql: string): Promise<Script> {
  const statements = await splitStatements(sql, path);
  return { file: path, text: sql, statements, execution: planExecution(statements, { file: path, text: sql }) };
}

export async function runLikeMigration(client: Parameters<typeof runBatches>[0], { execution, ...rest }: Script): Promise<void> {
  const whole = { execution, ...rest };
  const consequence = { state: 'The case could not be set up.', next: '' };
  if (execution.mode === 'outside') await runSteps(client, whole, execution.steps, timeouts, { consequence: () => consequence });
  else await inTransaction(client, timeouts, () => runBatches(client, whole, execution.batches, consequence));
}

const text = (path: string) => readFileSync(fileURLToPath(new URL(`corpus/${path}`, import.meta.url)), 'utf8');
