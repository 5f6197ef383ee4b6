import type { Run } from '../history/history.ts';
import { codeMarkdown, plainMarkdown } from './markdown.ts';
import type { KnownMigration, MigrationEvent } from './migration-events.ts';
import { countOf } from './object-name.ts';
import { changeGroups, cutList, readChanges, summarizeChanges } from './summary.ts';

const longestList = 20;

/** The list under a file's heading: how things stand, then what the last run that applied it did, then every run. */
export function migrationLines(migration: KnownMigration): string[] {
  const { events } = migration;
  const run = (events.findLast(({ what }) => what === 'applied') ?? events.at(-1))?.run;
  const lines = [`- **Status**: ${statusOf(migration)}`];
  if (run) lines.push(...factLines(migration.version, run, !events.some(({ what }) => what === 'applied')));
  if (events.length > 1) lines.push(`- **History**: ${countOf(events.length, 'run')}`, ...events.map(eventLine));
  return lines;
}

function statusOf({ applied, events }: KnownMigration): string {
  const last = events.at(-1);
  if (!last) return 'applied by another tool, such as the Supabase CLI; no facts of it are known';
  const when = moment(last.run.appliedAt);
  const isApplied = last.what === 'applied' || last.what === 'put back';
  if (applied && isApplied) return 'applied';
  if (applied) return `applied by another tool, after it was ${last.what} on ${when}`;
  if (isApplied) return 'taken out of the history table by another tool; it was applied before';
  if (last.what === 'stopped half-way') return `stopped half-way on ${when}${progressOf(last.run.progress)}; not applied`;
  if (last.what === 'begun') return `begun on ${when}${progressOf(last.run.progress)}; its end is not recorded`;
  if (last.what === 'undone at once') return `undone at once on ${when}, because a check failed after its last step`;
  return `rolled back on ${when}`;
}

function progressOf(value: unknown): string {
  const { done, of } = (value ?? {}) as Record<string, unknown>;
  return typeof done === 'number' && typeof of === 'number' ? `, after ${done} of ${countOf(of, 'step')}` : '';
}

/** `incomplete`: what it changed and how it was tested are not known then; the columns hold what was meant. */
function factLines(version: string, run: Run, incomplete: boolean): string[] {
  const lines = [`- **Date**: ${moment(run.appliedAt)}`, `- **Environment**: ${codeMarkdown(run.environment)}`];
  const add = (label: string, text: string | undefined) => text && lines.push(`- **${label}**: ${text}`);
  add('Outside its deployment window', run.overrideReason ? plainMarkdown(run.overrideReason) : undefined);
  add('Snapshot before', run.snapshotBefore ? codeMarkdown(run.snapshotBefore) : undefined);
  add('Snapshot after', run.snapshotAfter ? codeMarkdown(run.snapshotAfter) : undefined);
  add('Rollback', run.rollbackSql === null ? 'none' : `\`supabase/rollback/${version}_rollback.sql\`${proofOf(run.proof)}`);
  const changes = readChanges(run.changes);
  if (changes && !incomplete) {
    add('Changes', plainMarkdown(summarizeChanges(changes)));
    for (const { verb, kind, names } of changeGroups(changes)) {
      lines.push(`  - ${countOf(names.length, plainMarkdown(kind))} ${verb}: ${cutList(names, longestList, codeMarkdown).join(', ')}`);
    }
  }
  const earlier = takenOverFrom(run.progress);
  add('Taken over', earlier && plainMarkdown(earlier));
  if (!incomplete && !earlier) {
    add('Tested', testedOf(run.tested) ?? 'no smoke test');
    add('Migration time', duration(run.durationMs));
  }
  add('Who', run.who ? plainMarkdown(run.who) : undefined);
  add('Git commit', run.gitCommit ? codeMarkdown(run.gitCommit) : undefined);
  return lines;
}

/** What another tool applied was not tested or timed here, and its rollback was not proven. */
function takenOverFrom(value: unknown): string | undefined {
  const { keeps, by, table, undated } = (value ?? {}) as Record<string, unknown>;
  if (keeps !== 'elsewhere') return undefined;
  return `applied by ${String(by)}, as ${String(table)} says${undated ? '; it does not say when, so the date is that of the takeover' : ''}`;
}

const eventLine = ({ what, run }: MigrationEvent): string =>
  `  - ${moment(run.appliedAt)}: ${what} in ${[codeMarkdown(run.environment), ...runLines(run)].join('; ')}`;

/** The rest of what is known of a run, each in a few words. */
export function runLines(run: Run): string[] {
  const snapshots = [
    run.snapshotBefore ? `snapshot before ${codeMarkdown(run.snapshotBefore)}` : '',
    run.snapshotAfter ? `after ${codeMarkdown(run.snapshotAfter)}` : '',
  ].filter(Boolean);
  return [
    snapshots.join(', '),
    testedOf(run.tested) ?? '',
    takenOverFrom(run.progress) ? 'applied by another tool' : duration(run.durationMs),
    run.who ? `by ${plainMarkdown(run.who)}` : '',
    run.overrideReason ? `outside its deployment window: ${plainMarkdown(run.overrideReason)}` : '',
  ].filter(Boolean);
}

/** "2025-10-26 21:15:00 UTC"; the time comes from the database. */
export const moment = (iso: string): string => plainMarkdown(iso.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC'));

function duration(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1000)} s`;
}

/** "v0.7.0 smoke test: 12 checks, all ok". */
function testedOf(value: unknown): string | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const { file, ok, passed, failed } = value as Record<string, unknown>;
  const name = String(file ?? '')
    .split(/[/\\]/)
    .at(-1)!
    .replace(/\.sql$/, '')
    .replace(/_smoke_test$/, '');
  const checks = Number(passed ?? 0) + Number(failed ?? 0);
  const verdict = ok === true ? 'all ok' : Number(failed) > 0 ? `${Number(failed)} failed` : 'failed';
  return `${name ? `${plainMarkdown(name)} ` : ''}smoke test: ${countOf(checks, 'check')}, ${verdict}`;
}

function proofOf(value: unknown): string {
  if (value === null || typeof value !== 'object') return '';
  const { proven, by, differences } = value as Record<string, unknown>;
  const judges = Array.isArray(by) && by.length > 0 ? ` by ${plainMarkdown(by.map(String).join(' and '))}` : '';
  if (proven === true) return `, proven${judges}`;
  return Array.isArray(differences) && differences.length > 0
    ? `, not proven: ${countOf(differences.length, 'difference')}`
    : ', not proven';
}
