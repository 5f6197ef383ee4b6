import { refused, type Problem } from '../errors.ts';
import { compareVersions, parseMigrationName } from '../migration/file-name.ts';
import { sameText } from '../migration/order.ts';
import { historyStatements } from '../migration/statements.ts';
import type { EarlierMigration } from './earlier.ts';
import type { EarlierRecord } from './records.ts';
import { versionOf } from './version.ts';

/** One migration as it will be ours. */
export interface Conversion {
  version: string;
  name: string;
  /** The name of its file in supabase/migrations. */
  fileName: string;
  content: Buffer;
  /** The path to show of what it was made from. */
  from: string;
  /** The text of its rollback file; undefined where nothing leads back, or nothing is said to. */
  rollback: string | undefined;
  /** When and by whom it was applied, where it is. */
  applied: Pick<EarlierRecord, 'appliedAt' | 'appliedBy'> | undefined;
}

/** A file that lies in supabase/migrations already. */
export interface PresentFile {
  version: string;
  name: string;
  /** The path to show. */
  label: string;
  fileName: string;
  bytes: Buffer;
}

export interface ConvertInput {
  migrations: EarlierMigration[];
  applied: EarlierRecord[];
  /** What leads back, for those that have it. */
  ways: Map<EarlierMigration, string>;
  /** The file that makes the other tool's own table, where no migration does. */
  table?: Conversion;
  present: PresentFile[];
  requireVersion: boolean;
}

export interface ConversionPlan {
  /** All of them, in the order in which they run. */
  conversions: Conversion[];
  /** Those whose files are to be written. */
  toWrite: Conversion[];
  notes: string[];
}

/**
 * Decides what every migration becomes. What follows from a folder is always the same: another machine, or another database with another
 * past, gets the same files. Throws a Problem where two would get one version, or where another file is in the way.
 */
export function planConversion({ migrations, applied, ways, table, present, requireVersion }: ConvertInput): ConversionPlan {
  const recordOf = new Map(applied.map((record) => [record.migration, record]));
  const converted = migrations.map((migration): Conversion => {
    const version = versionOf(migration.number);
    if (version === undefined) throw tooLong(migration);
    const { label, name, up, down } = migration;
    const record = recordOf.get(migration);
    const content = up;
    const way = ways.get(migration);
    const rollback = way === undefined ? undefined : rollbackText(down!.label, way, `${version}_${name}.sql`);
    return {
      version,
      name,
      fileName: `${version}_${name}.sql`,
      content,
      from: label,
      rollback,
      applied: record && { appliedAt: record.appliedAt, appliedBy: record.appliedBy },
    };
  });
  const all = [...(table ? [table] : []), ...converted];
  refuseSameVersion(all);
  const conversions = all.map((conversion) => takePresent(conversion, present));
  const there = new Set(present.map(({ version }) => version));
  const notes = [...pendingNotes(conversions, present), ...nameNotes(conversions, requireVersion)];
  return { conversions, toWrite: conversions.filter(({ version }) => !there.has(version)), notes };
}

/** What makes it one that is written by hand is that it lacks the mark of a generated one; see readHandWritten. */
const rollbackText = (from: string, text: string, of: string) =>
  `-- Rollback of ${of}, taken over from ${from}.\n-- Written by hand: it is rehearsed before it is used, and refused where it does not lead back.\n\n${text.replace(/^\ufeff/, '')}`;

const tooLong = ({ label, number }: EarlierMigration) =>
  refused('bad_file_name', `The number of ${label} is no date and too long for a count: ${number}.`, {
    state: 'Nothing was changed.',
    next: 'Give it a date and time of 14 digits, or a count of up to 8.',
  });

function refuseSameVersion(conversions: Conversion[]): void {
  conversions.slice(1).forEach(({ version, from }, index) => {
    const before = conversions[index]!;
    if (compareVersions(before.version, version) < 0) return;
    throw refused(
      'bad_file_name',
      `${from} can't get a version after that of ${before.from}: their numbers become ${version} and ${before.version}.`,
      {
        state: 'Nothing was changed.',
        next: 'Give them numbers of one kind: all counts, or all dates and times.',
      },
    );
  });
}

/** A file that lies there already stays as it is: its name may have got a release since, or it was fetched from the history of a target. */
function takePresent(conversion: Conversion, present: PresentFile[]): Conversion {
  const there = present.find(({ version }) => version === conversion.version);
  if (!there) return conversion;
  if (
    !there.bytes.equals(conversion.content) &&
    !sameText(historyStatements(there.bytes.toString('utf8')), historyStatements(conversion.content.toString('utf8')))
  ) {
    throw refused('file_exists', `${there.label} is there already and holds something else than ${conversion.from}.`, {
      detail: [`${conversion.from} becomes version ${conversion.version}.`],
      state: 'Nothing was changed.',
      next: 'Find out which of them was applied: move the other one away, or make them equal. Then run the command again.',
    });
  }
  return { ...conversion, name: there.name, fileName: there.fileName, content: there.bytes };
}

function pendingNotes(conversions: Conversion[], present: PresentFile[]): string[] {
  const newest = conversions.filter(({ applied }) => applied).at(-1)?.version;
  const late = conversions.filter(({ applied, version }) => !applied && newest !== undefined && version < newest);
  const newer =
    conversions.length > 0
      ? present.filter(({ version }) => !conversions.some((one) => one.version === version) && version < conversions.at(-1)!.version)
      : [];
  return [
    ...(late.length > 0
      ? [
          `${late.map(({ fileName }) => fileName).join(', ')} ${late.length === 1 ? 'is' : 'are'} pending and older than what is applied: migrate asks for --include-all.`,
        ]
      : []),
    ...(newer.length > 0
      ? [
          `${newer.map(({ fileName }) => fileName).join(', ')} in supabase/migrations ${newer.length === 1 ? 'stands' : 'stand'} before the newest of these.`,
        ]
      : []),
  ];
}

/** Applied files keep any name; migrate asks more of those that it is to apply. */
function nameNotes(conversions: Conversion[], requireVersion: boolean): string[] {
  return conversions.flatMap(({ applied, fileName }) => {
    if (applied) return [];
    try {
      parseMigrationName(fileName, { requireVersion });
      return [];
    } catch (error) {
      return [`${(error as Problem).message} It is pending: rename it in supabase/migrations (keep its digits) before migrate applies it.`];
    }
  });
}
