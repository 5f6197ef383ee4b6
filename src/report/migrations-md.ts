import { compareVersions } from '../migration/file-name.ts';
import type { Run } from '../history/history.ts';
import { intro, leftNoteHeading, leftNotesHeading, noMigrations, otherRollbacksHeading, title } from './generated-lines.ts';
import { codeMarkdown, plainMarkdown } from './markdown.ts';
import { type KnownMigration, knownMigrations, type MigrationsInput, otherRollbacks } from './migration-events.ts';
import { migrationLines, moment, runLines } from './migration-lines.ts';
import { closeMark, looseMark, openMark, readNotes } from './notes.ts';

/**
 * MIGRATIONS.md from history: the same text on every machine. `existing` is the present text, whose notes are kept.
 */
export function renderMigrations(input: MigrationsInput, existing: string | undefined): string {
  const notes = readNotes(existing ?? '');
  const known = knownMigrations(input);
  const note = (version: string) => {
    const content = notes.byVersion.get(version) ?? '\n';
    notes.byVersion.delete(version);
    return openMark(version) + content + closeMark(version);
  };
  const releases = byRelease(known).map(({ heading, migrations }) =>
    [`## ${heading}`, ...migrations.map((migration) => fileSection(migration, note(migration.version)))].join('\n\n'),
  );
  const parts = [title, intro, ...(known.length === 0 ? [noMigrations] : releases)];
  const others = otherRollbacks(input.runs);
  if (others.length > 0) parts.push(`${otherRollbacksHeading}\n\n${others.map(otherRollback).join('\n')}`);
  const left = [...notes.byVersion].filter(([, content]) => content.trim() !== '').sort(([a], [b]) => compareVersions(a, b));
  const loose = notes.loose.length === 0 ? [] : [`${openMark(looseMark)}\n${notes.loose.join('\n\n')}\n${closeMark(looseMark)}`];
  if (left.length + loose.length > 0) {
    const placed = left.map(([version, content]) => `${leftNoteHeading(version)}\n\n${openMark(version)}${content}${closeMark(version)}`);
    parts.push([leftNotesHeading, ...placed, ...loose].join('\n\n'));
  }
  return `${parts.join('\n\n')}\n`;
}

const fileSection = (migration: KnownMigration, note: string) =>
  [`### ${plainMarkdown(migration.fileName)}`, migrationLines(migration).join('\n'), note].join('\n\n');

const otherRollback = (run: Run) =>
  [`- **${moment(run.appliedAt)}**: rolled back in ${codeMarkdown(run.environment)}`, ...runLines(run).map((line) => `  - ${line}`)].join(
    '\n',
  );

/** Releases with the newest first, by their newest file; files without a release stand under their own digits. */
function byRelease(known: KnownMigration[]): { heading: string; migrations: KnownMigration[] }[] {
  const groups = new Map<string, KnownMigration[]>();
  for (const migration of known) {
    const heading = migration.release ?? migration.version;
    groups.set(heading, [...(groups.get(heading) ?? []), migration]);
  }
  return [...groups]
    .map(([heading, migrations]) => ({ heading, migrations }))
    .sort((a, b) => compareVersions(b.migrations.at(-1)!.version, a.migrations.at(-1)!.version));
}
