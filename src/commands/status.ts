import type { Context } from '../context.ts';
import type { AppliedMigration } from '../history/history.ts';
import { recordRenamed } from '../migration/choose.ts';
import { compareHistory, type HistoryComparison } from '../migration/order.ts';
import { findRenamed } from '../migration/renamed.ts';
import { atOneMoment } from '../target/one-moment.ts';
import { withTarget, type TargetSession } from '../target/session.ts';
import { tellCutOff } from './cut-off.ts';
import { findDrift, readLastSnapshot, type Drift, type LastSnapshot } from './status-drift.ts';
import { readFiles, type StatusFile } from './status-files.ts';
import { readBriefHistory } from './status-history.ts';
import { readRunner, unfinishedRuns, type UnfinishedRun } from './status-runs.ts';

/** How files, history and the target agree. File paths are below the working folder, times ISO 8601 in UTC. */
export interface Status {
  target: { name: string; database: string; host: string; port: number; serverVersion: string };
  /** Whether any migration or run was ever recorded there. */
  hasHistory: boolean;
  /** Whether the target holds tables in schema public, with or without a history. */
  hasTables: boolean;
  applied: { version: string; name: string | null; file: string | null }[];
  pending: { version: string; file: string }[];
  /** Not applied and older than the newest that is. */
  late: { version: string; file: string }[];
  /** Applied, and the file says something else now. `statement` counts from 1. */
  edited: { version: string; file: string; statement: number; applied: string | null; now: string | null }[];
  /** Applied, and there is no file. */
  missing: { version: string; name: string | null }[];
  /** Applied, and there under another name. */
  renamed: { was: string; name: string | null; now: string; file: string }[];
  /** Applied without its statements being recorded: whether the file was edited can't be known. */
  notComparable: string[];
  drift: Drift | null;
  lastSnapshot: LastSnapshot | null;
  unfinished: UnfinishedRun[];
  notMigrations: string[];
  problems: string[];
  /** Everything is applied and nothing differs. */
  inOrder: boolean;
  /** The next command, or what to look at first. */
  next: string;
}

/** Reads how files, history and the target agree. It only reads: no snapshot is taken and nothing is written; what a killed command left is cleared. */
export function status(context: Context): Promise<Status> {
  return withTarget(
    context,
    async (session) => {
      await tellCutOff(context, session);
      return atOneMoment(session.client, () => read(context, session));
    },
    'read',
  );
}

async function read({ config }: Context, { client, target, server }: TargetSession): Promise<Status> {
  const { files, notMigrations, problems } = await readFiles(config.workdir, config.folders.migrations);
  const { applied, runs, ours, hasTables } = await readBriefHistory(
    client,
    new Map(files.map(({ version, statements }) => [version, statements])),
  );
  const comparison = compareHistory(files, applied);
  const last = ours ? await readLastSnapshot(client, config.folders.snapshots) : undefined;
  const drift = last ? await findDrift(client, config.folders.snapshots, last) : null;
  if (drift?.by === 'unknown') problems.push(drift.reason!);
  const unfinished =
    unfinishedRuns({ runs, applied }, undefined).length > 0 ? unfinishedRuns({ runs, applied }, await readRunner(client)) : [];
  const renamed = await findRenamed(comparison, applied, ({ name }) => name);
  const lists = listsOf(comparison, applied);
  const different = [lists.pending, lists.late, lists.edited, lists.missing, renamed, unfinished, problems, drift?.differences ?? []];
  const known = {
    target: {
      name: target.name,
      database: target.settings.database,
      host: target.settings.host,
      port: target.settings.port,
      serverVersion: server.version,
    },
    hasHistory: applied.length > 0 || runs.length > 0,
    hasTables,
    ...lists,
    renamed: renamed.map(({ file, row }) => ({ was: row.version, name: row.name, now: file.version, file: file.file })),
    drift,
    lastSnapshot: last
      ? { id: last.id, takenAt: last.takenAt, bytes: last.bytes, inFolder: last.inFolder, newestMigration: last.newestMigration }
      : null,
    unfinished,
    notMigrations,
    problems,
    inOrder: different.every((list) => list.length === 0),
  };
  return { ...known, next: nextStep(known) };
}

function listsOf(comparison: HistoryComparison<StatusFile>, applied: AppliedMigration[]) {
  const files = new Map(comparison.applied.map(({ version, file }) => [version, file]));
  const brief = ({ version, file }: StatusFile) => ({ version, file });
  return {
    applied: applied.map(({ version, name }) => ({ version, name, file: files.get(version) ?? null })),
    pending: comparison.pending.map(brief),
    late: comparison.late.map(brief),
    edited: comparison.edited.map(({ version, firstDifference: { index, recorded, local } }) => ({
      version,
      file: files.get(version)!,
      statement: index + 1,
      applied: recorded ?? null,
      now: local ?? null,
    })),
    missing: comparison.missing.map(({ version, name }) => ({ version, name })),
    notComparable: comparison.unknown.map(({ version }) => version),
  };
}

/** The most pressing thing first. */
function nextStep(status: Omit<Status, 'next'>): string {
  const { unfinished, problems, edited, renamed, missing, late, pending, hasHistory, hasTables, drift } = status;
  if (unfinished.length > 0) return unfinished.at(-1)!.next;
  if (problems.length > 0) return 'Mend what is named under Problems.';
  if (!hasHistory && hasTables && pending.length > 0)
    return `If the tables that are there came from these files, record those: npx supasnap repair --applied <version>. If not: npx supasnap migrate`;
  if (!hasHistory && hasTables) return 'Take the database as it is, with a baseline: npx supasnap adopt --dry-run';
  if (edited.length > 0) return 'Undo the edit and put the change into a new migration: npx supasnap new <version> <what_it_does>';
  if (renamed.length > 0) return `Record the new name${renamed.length === 1 ? '' : 's'}: ${recordRenamed(renamed)}`;
  if (missing.length > 0) return 'Get the missing files from version control, or as they were recorded: npx supasnap repair --fetch';
  if (late.length > 0) return 'Give the late files a newer timestamp, or apply them all the same: npx supasnap migrate --include-all';
  if (pending.length > 0) return 'npx supasnap migrate --dry-run shows what would happen; npx supasnap migrate does it.';
  if (!hasHistory) return 'Make the first migration: npx supasnap new v0.1.0 what_it_does';
  if (drift && drift.differences.length > 0)
    return 'Put what was changed by hand into a migration, or undo it: npx supasnap rollback --list shows where to.';
  return 'Nothing to do.';
}
