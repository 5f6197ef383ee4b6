import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Conversion } from '../adopt/convert.ts';
import type { Context } from '../context.ts';
import { attention, exitCodes, Problem } from '../errors.ts';
import { readHistory } from '../history/history.ts';
import type { ReadFresh } from '../shadow/fresh.ts';
import { withShadows, type UseShadow } from '../shadow/shadows.ts';
import { requireWritable } from '../atomic-file.ts';
import type { PgDumpChoice } from '../snapshot/pg-dump/dump.ts';
import type { ConnectionSettings } from '../target/connection.ts';
import { withRunnerLock } from '../target/lock.ts';
import { withTarget, type TargetSession } from '../target/session.ts';
import { planAdoption, type AdoptionPlan } from './adopt-from-plan.ts';
import { recordAdopted, writeAdopted } from './adopt-from-record.ts';
import { knowingWhatCameOfIt } from './certainty.ts';
import { confirmPlainly, requireName } from './confirm.ts';
import { tellCutOff } from './cut-off.ts';
import { below } from './present.ts';
import { rebuildSnapshots } from './rebuild-snapshots.ts';
import { updateReport } from './report-history.ts';
import { count } from './text.ts';

/** What `adopt --from` can be told. Times are milliseconds. */
export interface AdoptFromOptions {
  /** The folder that holds the migrations of another tool. */
  from: string;
  dryRun?: boolean;
  /** Take over files that were edited since they were applied. */
  allowEdited?: boolean;
  lockWaitMs?: number;
  pgDump?: PgDumpChoice;
  /** An empty database to replay the migrations in, or a function that gives a shadow. */
  shadow?: ConnectionSettings | UseShadow;
  /** How a fresh project is read; none: from an embedded server of its own. */
  fresh?: ReadFresh;
}

/** Migrations that were taken over, by their new versions; paths are below the working folder. */
export interface AdoptedFrom {
  target: string;
  /** The table that the history came from. */
  table: string;
  /** Recorded as applied by this run. */
  recorded: string[];
  alreadyRecorded: string[];
  pending: string[];
  /** In a dry run: what would be written. */
  written: string[];
  /** Snapshots of the states before each of them, oldest first; none where the files do not lead to the schema that is there. */
  rebuilt: string[];
  changed: boolean;
}

/**
 * Takes over the migrations of another tool: its files become ours, and what its table calls applied is recorded, in one transaction. Its
 * files and its table stay as they are, and no migration is run. Throws a Problem: exit 3 where history would become untrue or nobody
 * confirmed, 4 when it is recorded and files could not be written.
 */
export function adoptFrom(context: Context, options: AdoptFromOptions): Promise<AdoptedFrom> {
  const { config, report } = context;
  return withTarget(context, async (session) => {
    await tellCutOff(context, session);
    if (!options.dryRun) requireName(context, session.target);
    return withRunnerLock(session.client, options.lockWaitMs ?? config.settings.lockWaitMs, report, () => run(context, session, options));
  });
}

async function run(context: Context, session: TargetSession, options: AdoptFromOptions): Promise<AdoptedFrom> {
  const { config } = context;
  const plan = await planAdoption(context, session, options);
  show(context, session, plan);
  const result: AdoptedFrom = {
    target: session.target.name,
    table: plan.table.label,
    recorded: plan.toRecord.map(({ version }) => version),
    alreadyRecorded: plan.recorded.map(({ version }) => version),
    pending: plan.pending.map(({ version }) => version),
    written: plan.files.map(({ path }) => below(context, path)),
    rebuilt: [],
    changed: false,
  };
  if (options.dryRun || plan.toRecord.length + plan.files.length === 0) return result;
  await requireWritable([config.folders.migrations, config.folders.rollback, config.folders.docs, config.folders.snapshots]);
  await confirmPlainly(context, session.target, question(session, plan));
  if (plan.toRecord.length > 0) await knowingWhatCameOfIt(session, 'The takeover', () => recordAdopted(context, session, plan));
  await writeAdopted(context, session, plan);
  await verify(context, session, plan);
  await updateReport(context, session);
  tellDone(context, session, plan);
  const rebuilt = plan.toRecord.length > 0 ? await rebuild(context, session, options) : [];
  return { ...result, rebuilt, changed: true };
}

/** With the states in between a rollback needs no replay. What is taken over stays so where they can't be had, for that is true in any case. */
async function rebuild({ config, report, ...context }: Context, session: TargetSession, options: AdoptFromOptions): Promise<string[]> {
  const { pgDump, fresh } = options;
  try {
    const rebuilt = await withShadows(
      { config, target: session.target, major: session.server.major, url: options.shadow, note: report.note },
      (useShadow) =>
        rebuildSnapshots({ config, report, ...context }, session, useShadow, {
          ...(pgDump ? { pgDump } : {}),
          ...(fresh ? { fresh } : {}),
        }),
    );
    if (rebuilt.length > 0)
      report.step(
        `Replayed, the files lead to exactly the schema that is there: ${count(rebuilt.length, 'snapshot')} of the states in between ${rebuilt.length === 1 ? 'is' : 'are'} kept, so each migration can be rolled back.`,
      );
    return rebuilt;
  } catch (error) {
    if (!(error instanceof Problem) || error.exitCode === exitCodes.attention) throw error;
    report.warn(`${error.message}${error.place ? ` (${error.place.file}, line ${error.place.line})` : ''}`);
    for (const line of error.detail.slice(0, 10)) report.warn(`  ${line}`);
    report.warn(
      'The history is taken over all the same, and migrate goes on from here. What was taken over can be rolled back only once that is mended: then npx supasnap adopt keeps the states in between.',
    );
    return [];
  }
}

const question = ({ target }: TargetSession, { toRecord, files }: AdoptionPlan) =>
  toRecord.length > 0
    ? `Record ${count(toRecord.length, 'migration')} as applied on ${target.name}, without running ${toRecord.length === 1 ? 'it' : 'them'}?`
    : `Write ${count(files.length, 'file')}?`;

const mostShown = 20;

function show({ report, ...context }: Context, { target }: TargetSession, plan: AdoptionPlan): void {
  const { conversions, toRecord, recorded, pending, files, table, tool } = plan;
  const applied = plan.folder.migrations.length - pending.length;
  report.step(
    `Found: ${count(plan.folder.migrations.length, 'migration')} of ${tool}; ${table.label} on ${target.name} says that ${applied} of them ${applied === 1 ? 'is' : 'are'} applied.`,
  );
  const isNew = new Set(files.map(({ path }) => path));
  for (const conversion of conversions.slice(0, mostShown)) {
    const path = join(context.config.folders.migrations, conversion.fileName);
    report.step(`  ${conversion.from} → ${conversion.fileName}${isNew.has(path) ? '' : ' (there already)'}: ${whatOf(conversion, plan)}`);
  }
  if (conversions.length > mostShown) report.step(`  … and ${conversions.length - mostShown} more`);
  for (const note of plan.notes) report.note(note);
  if (toRecord.length + files.length === 0)
    report.step(
      `Everything of it is taken over already: ${count(recorded.length, 'migration')} recorded as applied, ${count(pending.length, 'migration')} pending.`,
    );
}

function whatOf({ applied, rollback, version }: Conversion, { toRecord, recorded }: AdoptionPlan): string {
  const back = rollback === undefined ? '' : ', with its way back';
  if (!applied) return `pending${back}`;
  if (recorded.some((one) => one.version === version)) return `recorded already${back}`;
  if (!toRecord.some((one) => one.version === version)) return `pending${back}`;
  return `applied${applied.appliedAt ? ` ${applied.appliedAt.slice(0, 10)}` : ''}${back}`;
}

/** What is recorded and written is read once more. */
async function verify(context: Context, { client, target }: TargetSession, { toRecord, conversions }: AdoptionPlan): Promise<void> {
  const { applied, runs } = await readHistory(client);
  const shas = new Map(runs.flatMap(({ kind, version, fileSha256 }) => (kind === 'migrate' && version ? [[version, fileSha256]] : [])));
  const unrecorded = toRecord.filter(
    ({ version, content }) =>
      !applied.some((row) => row.version === version) || shas.get(version) !== createHash('sha256').update(content).digest('hex'),
  );
  const folder = context.config.folders.migrations;
  const unwritten: string[] = [];
  for (const { fileName, content } of conversions) {
    const path = join(folder, fileName);
    if (!existsSync(path) || !(await readFile(path)).equals(content)) unwritten.push(below(context, path));
  }
  if (unrecorded.length + unwritten.length === 0) return;
  throw attention('unexpected_result', 'What was taken over is not all there.', {
    detail: [
      ...unrecorded.map(({ fileName }) => `not recorded on ${target.name}: ${fileName}`),
      ...unwritten.map((path) => `not as it was written: ${path}`),
    ],
    state: 'No migration was run.',
    next: 'Run the same command again.',
  });
}

function tellDone({ report }: Context, { target }: TargetSession, { toRecord, pending, files, table, tool }: AdoptionPlan): void {
  if (toRecord.length > 0) report.step(`Recorded ${count(toRecord.length, 'migration')} as applied on ${target.name}; none was run.`);
  if (files.length > 0) report.step(`Wrote ${count(files.length, 'file')}; those they were made from are as they were. Commit them.`);
  if (pending.length > 0)
    report.step(`${count(pending.length, 'migration')} ${pending.length === 1 ? 'is' : 'are'} pending: npx supasnap migrate`);
  report.note(
    `${table.label} stays as it is and is part of the schema. Do not run ${tool} here any more; when no database needs it, drop the table in a new migration: drop table ${table.sqlName.replaceAll(/"(\w+)"/g, '$1')};`,
  );
  report.note(
    'For another database (staging, production) run the same command there, before any migrate: the files are there then, and its own history is taken over.',
  );
}
