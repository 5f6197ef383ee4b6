import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { refused, usage } from '../errors.ts';
import { halfDone } from '../history/half-done.ts';
import { readHistory, recordApplied, removeApplied, renameRuns, type AppliedMigration, type History } from '../history/history.ts';
import { prepareHistory } from '../history/prepare.ts';
import { readLocal, recordRenamed, type LocalFile as LocalText } from '../migration/choose.ts';
import { compareHistory } from '../migration/order.ts';
import { listMigrations, readMigrationText } from '../migration/read.ts';
import { findRenamed, sameStatements, type Renamed } from '../migration/renamed.ts';
import { historyStatements, textOfStatements } from '../migration/statements.ts';
import { requireWritable, writeFileAtomic } from '../atomic-file.ts';
import { loadSnapshot, writeSnapshotFiles } from '../snapshot/store.ts';
import { withRunnerLock, lockKey } from '../target/lock.ts';
import { withTarget, type TargetSession } from '../target/session.ts';
import { confirmByName } from './confirm.ts';
import { below } from './present.ts';
import { readRecords, type Records } from './records.ts';
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
      const records = await readRecords(context, session);
      if (options.fetch) result.written = await fetchMissing(context, session, records);
      result.findings = await find(context, records);
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

/** Files that are applied under a name which no file has any more. */
async function renamedFiles({ config }: Context, { applied }: History): Promise<Renamed<LocalText>[]> {
  if (!existsSync(config.folders.migrations)) return [];
  const { local } = await readLocal({ workdir: config.workdir, folder: config.folders.migrations });
  return findRenamed(compareHistory(local, applied), applied, ({ name }) => name.name);
}

async function find(context: Context, { history, known }: Records): Promise<Disagreement[]> {
  const { folders } = context.config;
  const files = await localFiles(context);
  const renamed = await renamedFiles(context, history);
  const settled = new Set(renamed.flatMap(({ file, row }) => [file.version, row.version]));
  const here = new Set(files.map(({ version }) => version));
  const recorded = new Set(history.applied.map(({ version }) => version));
  const fetch = 'npx supasnap repair --fetch';
  const stopped = new Map(halfDone(history.runs, history.applied).map((run) => [run.version, run]));
  const snapshots = known.filter(({ inFolder }) => !inFolder);
  return [
    ...renamed.map(({ file, row }) => ({
      what: `${labelOf(row)} is applied, and its file is ${file.label} now.`,
      next: recordRenamed([{ was: row.version, now: file.version }]),
    })),
    ...history.applied
      .filter(({ version }) => !here.has(version) && !settled.has(version))
      .map((row) => ({
        what: `${labelOf(row)} is recorded as applied and has no file here.`,
        next: row.statements?.length ? fetch : `get the file from version control, or: npx supasnap repair --reverted ${row.version}`,
      })),
    ...files
      .filter(({ version }) => !recorded.has(version) && !settled.has(version))
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

const labelOf = ({ version, name }: Pick<AppliedMigration, 'version' | 'name'>): string => [version, name].filter(Boolean).join('_');

/** Rollbacks of applied migrations, as their runs recorded them. */
function missingRollbacks({ config }: Context, { applied, runs }: History): { path: string; text: string }[] {
  return applied.flatMap(({ version }) => {
    const run = runs.filter((one) => one.kind === 'migrate' && one.version === version && ['applied', 'done'].includes(one.status)).at(-1);
    const path = join(config.folders.rollback, `${version}_rollback.sql`);
    return run?.rollbackSql && !existsSync(path) ? [{ path, text: run.rollbackSql }] : [];
  });
}

/** As "supabase migration fetch" does, but that nothing is overwritten. */
async function fetchMissing(context: Context, { client }: TargetSession, { history, known }: Records): Promise<string[]> {
  const { folders } = context.config;
  const renamed = (await renamedFiles(context, history)).map(({ row }) => row.version);
  const here = new Set([...(await localFiles(context)).map(({ version }) => version), ...renamed]);
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
  for (const snapshot of known) {
    if (snapshot.inFolder) continue;
    written.push(
      below(
        context,
        await writeSnapshotFiles(folders.snapshots, snapshot.manifest, await loadSnapshot(client, folders.snapshots, snapshot)),
      ),
    );
    snapshot.inFolder = snapshot.aside === undefined;
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
    if (recorded.has(version) && !reverted.includes(version))
      throw usage('already_applied', `${version} is recorded as applied already.`, { state, next: 'Leave it out.' });
    if (!files.has(version))
      throw usage('file_missing', `There is no file of version ${version} in ${below(context, context.config.folders.migrations)}.`, {
        state,
        next: 'Put it there: what it holds is recorded.',
      });
  }
  for (const version of reverted)
    if (!recorded.has(version))
      throw usage('not_applied', `${version} is not recorded as applied.`, { state, next: 'See what is: npx supasnap status' });
  const rows = await Promise.all(
    applied.map(async (version) => {
      const { path, name } = files.get(version)!;
      const { text } = await readMigrationText(path, below(context, path), context.config.workdir);
      return { version, name, statements: historyStatements(text), rollback: [] };
    }),
  );
  const renames: { was: AppliedMigration; now: (typeof rows)[number] }[] = [];
  for (const now of rows)
    for (const version of reverted) {
      const was = recorded.get(version)!;
      if (!renames.some((one) => one.was === was || one.now === now) && (await sameStatements(was.statements ?? [], now.statements)))
        renames.push({ was, now });
    }
  for (const { was, now } of renames) context.report.step(`Records ${labelOf(was)} as ${labelOf(now)}; nothing is run or undone.`);
  for (const row of rows.filter((one) => !renames.some(({ now }) => now === one))) {
    const { version, name } = row;
    if (stopped.has(version))
      context.report.warn(
        `${version}_${name} stopped between its steps. Recording it says that the rest was done by hand; that is not checked.`,
      );
    context.report.step(`Records ${version}_${name} as applied; it is not run.`);
  }
  for (const version of reverted.filter((one) => !renames.some(({ was }) => was.version === one)))
    context.report.warn(`Records ${labelOf(recorded.get(version)!)} as not applied; it is not undone (npx supasnap rollback undoes).`);
  await confirmByName(context, target, `Change the history of ${target.name}?`);
  await client.query(`begin; set local lock_timeout = ${context.config.settings.lockTimeoutMs}; select pg_advisory_xact_lock(${lockKey})`);
  try {
    await prepareHistory(client);
    await client.query('lock table supabase_migrations.schema_migrations in share row exclusive mode');
    await removeApplied(client, reverted);
    for (const row of rows) await recordApplied(client, row, undefined);
    for (const { was, now } of renames) await renameRuns(client, was.version, now);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw (error as { code?: string }).code === '23505'
      ? refused('changed_meanwhile', 'Someone else changed the history meanwhile.', { state, next: 'Run the command again.', cause: error })
      : error;
  }
  await updateReport(context, session);
}
