/** The fixed lines of MIGRATIONS.md: the writer takes them from here, and so the reader knows them from a person's text. */
export const title = '# Migrations';
export const intro =
  '_Written by supasnap from the history kept in the database. Notes between their two markers stay; everything else is written anew._';
export const noMigrations = 'No migration has been applied yet.';
export const otherRollbacksHeading = '## Rollbacks that undid no migration';
export const leftNotesHeading = '## Notes that belong to no migration';

const fixed = new Set([title, intro, noMigrations]);
const headings = new Set([title, otherRollbacksHeading, leftNotesHeading]);

/** Over notes whose migration history does not know. */
export const leftNoteHeading = (version: string) => `### Of ${version}`;

export const isHeading = (line: string): boolean =>
  headings.has(line) || /^## (v\d+\.\d+\.\d+|\d+)$/.test(line) || /^### (Of )?\d+(\\?_.*\.sql)?$/.test(line);

/** Whether our list stands under this heading. */
export const headsList = (heading: string): boolean => /^### \d/.test(heading) || heading === otherRollbacksHeading;

export const isFixedLine = (line: string): boolean => fixed.has(line);

/** A line of the list that stands under a heading. */
export const isListLine = (line: string): boolean => /^- \*\*[^*]+\*\*: /.test(line) || /^ {2}- /.test(line);
