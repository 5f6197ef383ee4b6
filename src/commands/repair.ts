import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { refused, usage } from '../errors.ts';
import { halfDone } from '../history/half-done.ts';
import { readHistory, recordApplied, removeApplied, type AppliedMigration, type History } from '../history/history.ts';
import { prepareHistory } from '../history/prepare.ts';
import { lockKey } from '../history/schema.ts';
import { listMigrations, readMigrationText } from '../migration/read.ts';
import { historyStatements, textOfStatements } from '../migration/statements.ts';
import { requireWritable, writeFileAtomic } from '../snapshot/atomic-file.ts';
import { listSnapshots, loadSnapshot, writeSnapshotFiles } from '../snapshot/store.ts';
import { withRunnerLock } from '../target/lock.ts';
import { withTarget, type TargetSession } from '../target/session.ts';
import { confirmByName } from './confirm.ts';
import { below } from './present.ts';
import { updateReport } from './report-history.ts';

/** What to mend; nothing of these: only show what does not agree. Times are milliseconds. */
export interface RepairOptions {
  /** Write the files that are missing here and recorded in the target: migrations, rollbacks, snapshots. */
  fetch?: boolean;
  /** Versions to record as applied, without running them. */
  applied?: string[];
  /** Versions to record as not applied, without undoing them. */
  reverted?: string[];
  lockWaitMs?: number;
}

/** One thing in which files and target do not agree, and the command that mends it. */
export interface Disagreement {
  what: string;
  next: string;
}

export interface Repaired {
  target: string;
  /** Files that were written, below the working folder. */
  written: string[];
  applied: string[];
  reverted: string[];
  /** What does not agree (still). */
  findings: Disagreement[];
}

/**
 * Shows where files and history do not agree, and mends it: fetches what is missing here, or changes what history says. It never runs or
 * undoes a migration, and never overwrites a file. Throws a Problem: exit 2 for a version that is not there, 3 when nobody confirmed.
 */
export function repair(context: Context, options: RepairOptions = {}): Promise<Repaired> {
  const { config, report } = context;
  const { applied = [], reverted = [] } = options;
  return withTarget(
    context,
    async (session) => {
      const result: Repaired = { target: session.target.name, written: [], applied, reverted, findings: [] };
      if (applied.length + reverted.length > 0) {
        await requireWritable([config.folders.docs]);
        await withRunnerLock(session.client, options.lockWaitMs ?? config.settings.lockWaitMs, report, () =>
          changeHistory(context, session, applied, reverted),
        );
      }
      if (options.fetch) result.written = await fetchMissing(context, session);
      result.findings = await find(context, session);
      return result;
    },
    applied.length + reverted.length > 0 ? 'change' : 'read',
  );
}

interface LocalFile {
  version: string;
  name: string;
  path: string;
}

async function localFiles({ config }: Context): Promise<LocalFile[]> {
  if (!existsSync(config.folders.migrations)) return [];
  const { migrations } = await listMigrations(config.folders.migrations);
  return migrations.map(({ path, name }) => ({ version: name.version, name: name.name, path }));
}

async function find(context: Context, session: TargetSession): Promise<Disagreement[]> {
  const { folders } = context.config;
  const history = await readHistory(session.client);
  const files = await localFiles(context);
  const here = new Set(files.map(({ version }) => version));
  const recorded = new Set(history.applied.map(({ version }) => version));
  const fetch = 'npx supasnap repair --fetch';
  const stopped = new Map(halfDone(history.runs, history.applied).map((run) => [run.version, run]));
  const snapshots = (await listSnapshots(session.client, folders.snapshots, history.ours)).filter(({ inFolder }) => !inFolder);
  return [
    ...history.applied
      .filter(({ version }) => !here.has(version))
      .map((row) => ({
        what: `${labelOf(row)} is recorded as applied and has no file here.`,
        next: row.statements?.length ? fetch : `get the file from version control, or: npx supasnap repair --reverted ${row.version}`,
      })),
    ...files
      .filter(({ version }) => !recorded.has(version))
      .map(({ version, path }) =>
        stopped.has(version)
          ? {
              what: `${below(context, path)} stopped between its steps and is not recorded as applied.`,
              next: `npx supasnap migrate --resume; or back: npx supasnap rollback ${stopped.get(version)!.snapshotBefore}; or, where you did the rest of it by hand: npx supasnap repair --applied ${version}`,
            }
          : {
              what: `${below(context, path)} is not recorded as applied.`,
              next: `npx supasnap migrate; or, where its change is there already: npx supasnap repair --applied ${version}`,
            },
      ),
    ...missingRollbacks(context, history).map(({ path }) => ({
      what: `${below(context, path)} is not here; the target holds it.`,
      next: fetch,
    })),
    ...(snapshots.length > 0
      ? [
          {
            what: `${snapshots.length === 1 ? `Snapshot ${snapshots[0]!.id} is` : `${snapshots.length} snapshots are`} in the target and not in ${below(context, folders.snapshots)}.`,
            next: fetch,
          },
        ]
      : []),
  ];
}

const labelOf = ({ version, name }: AppliedMigration): string => [version, name].filter(Boolean).join('_');

/** Rollbacks of applied migrations, as their runs recorded them. */
function missingRollbacks({ config }: Context, { applied, runs }: History): { path: string; text: string }[] {
  return applied.flatMap(({ version }) => {
    const run = runs.filter((one) => one.kind === 'migrate' && one.version === version && ['applied', 'done'].includes(one.status)).at(-1);
    const path = join(config.folders.rollback, `${version}_rollback.sql`);
    return run?.rollbackSql && !existsSync(path) ? [{ path, text: run.rollbackSql }] : [];
  });
}

/** As "supabase migration fetch" does, but that nothing is overwritten. */
async function fetchMissing(context: Context, { client }: TargetSession): Promise<string[]> {
  const { folders } = context.config;
  const history = await readHistory(client);
  const here = new Set((await localFiles(context)).map(({ version }) => version));
  const written: string[] = [];
  const write = async (path: string, text: string) => {
    await writeFileAtomic(path, text, { replace: false });
    written.push(below(context, path));
  };
  for (const row of history.applied) {
    if (here.has(row.version) || !row.statements?.length) continue;
    await write(join(folders.migrations, `${fileSafe(labelOf(row))}.sql`), textOfStatements(row.statements));
  }
  for (const { path, text } of missingRollbacks(context, history)) await write(path, text);
  for (const snapshot of await listSnapshots(client, folders.snapshots, history.ours)) {
    if (snapshot.inFolder) continue;
    written.push(
      below(
        context,
        await writeSnapshotFiles(folders.snapshots, snapshot.manifest, await loadSnapshot(client, folders.snapshots, snapshot)),
      ),
    );
  }
  return written;
}

/** History comes from the database: what it calls a migration is no path. */
function fileSafe(name: string): string {
  if (/^\d+(_[\w.-]+)?$/.test(name)) return name;
  return name.replace(/[^\w.-]+/g, '_').replace(/^\.+/, '');
}

async function changeHistory(context: Context, session: TargetSession, applied: string[], reverted: string[]): Promise<void> {
  const { client, target } = session;
  const files = new Map((await localFiles(context)).map((file) => [file.version, file]));
  const history = await readHistory(client);
  const recorded = new Map(history.applied.map((row) => [row.version, row]));
  const stopped = new Set(halfDone(history.runs, history.applied).map((run) => run.version));
  const state = `Nothing was changed on ${target.name}.`;
  for (const version of applied) {
    if (recorded.has(version)) throw usage(`${version} is recorded as applied already.`, { state, next: 'Leave it out.' });
    if (!files.has(version))
      throw usage(`There is no file of version ${version} in ${below(context, context.config.folders.migrations)}.`, {
        state,
        next: 'Put it there: what it holds is recorded.',
      });
  }
  for (const version of reverted)
    if (!recorded.has(version)) throw usage(`${version} is not recorded as applied.`, { state, next: 'See what is: npx supasnap status' });
  const rows = await Promise.all(
    applied.map(async (version) => {
      const { path, name } = files.get(version)!;
      const { text } = await readMigrationText(path, below(context, path), context.config.workdir);
      return { version, name, statements: historyStatements(text), rollback: [] };
    }),
  );
  for (const { version, name } of rows) {
    if (stopped.has(version))
      context.report.warn(
        `${version}_${name} stopped between its steps. Recording it says that the rest was done by hand; that is not checked.`,
      );
    context.report.step(`Records ${version}_${name} as applied; it is not run.`);
  }
  for (const version of reverted)
    context.report.warn(`Records ${labelOf(recorded.get(version)!)} as not applied; it is not undone (npx supasnap rollback undoes).`);
  await confirmByName(context, target, `Change the history of ${target.name}?`);
  await client.query(`begin; set local lock_timeout = ${context.config.settings.lockTimeoutMs}; select pg_advisory_xact_lock(${lockKey})`);
  try {
    await prepareHistory(client);
    await client.query('lock table supabase_migrations.schema_migrations in share row exclusive mode');
    for (const row of rows) await recordApplied(client, row, undefined);
    await removeApplied(client, reverted);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw (error as { code?: string }).code === '23505'
      ? refused('Someone else changed the history meanwhile.', { state, next: 'Run the command again.', cause: error })
      : error;
  }
  await updateReport(context, session);
}
