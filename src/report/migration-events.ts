import type { AppliedMigration, Run } from '../history/history.ts';
import { compareVersions, migrationName } from '../migration/file-name.ts';

/** A migration file that may be in the folder of the machine that writes the report. */
export interface LocalMigration {
  version: string;
  fileName: string;
  release?: string;
  description: string;
}

export interface MigrationsInput {
  runs: Run[];
  applied: AppliedMigration[];
  local: LocalMigration[];
}

/** What happened to one migration, oldest first. */
export interface MigrationEvent {
  what: 'applied' | 'rolled back' | 'put back' | 'stopped half-way' | 'begun' | 'undone at once';
  run: Run;
}

/** One migration that history knows, with everything history knows of it. */
export interface KnownMigration {
  version: string;
  fileName: string;
  release?: string;
  /** Whether the history table has it now. */
  applied: boolean;
  events: MigrationEvent[];
}

/** Every migration that history names, by version. What only a folder knows is left out: history is the same everywhere. */
export function knownMigrations({ runs, applied, local }: MigrationsInput): KnownMigration[] {
  const ordered = orderRuns(runs);
  const versions = new Set([
    ...applied.map(({ version }) => version),
    ...ordered.flatMap((run) => eventsOf(run).map(([version]) => version)),
  ]);
  return [...versions]
    .filter((version) => /^\d+$/.test(version))
    .sort(compareVersions)
    .map((version) => {
      const row = applied.find((migration) => migration.version === version);
      const run = ordered.findLast((candidate) => candidate.version === version && candidate.kind === 'migrate');
      const file = local.find((candidate) => candidate.version === version);
      const name = row?.name || run?.name;
      const fileName = name ? fileNameOf(version, name) : (file?.fileName ?? version);
      return {
        version,
        fileName,
        release: migrationName(fileName)?.release,
        applied: row !== undefined,
        events: ordered.flatMap((each) => eventsOf(each).flatMap(([of, what]) => (of === version ? [{ what, run: each }] : []))),
      };
    });
}

/** Rollbacks that took no migration back and put none back: back to a snapshot between migrations, or from drift. */
export const otherRollbacks = (runs: Run[]): Run[] =>
  orderRuns(runs).filter((run) => run.kind === 'rollback' && eventsOf(run).length === 0);

/** By id, which the database counts upwards. */
const orderRuns = (runs: Run[]): Run[] => [...runs].sort((a, b) => a.id.length - b.id.length || compareVersions(a.id, b.id));

function eventsOf(run: Run): [version: string, what: MigrationEvent['what']][] {
  if (run.kind === 'migrate') return run.version === null ? [] : [[run.version, outcomes[run.status] ?? 'applied']];
  return [
    ...(run.undone ?? []).map((version): [string, 'rolled back'] => [version, 'rolled back']),
    ...(run.restored ?? []).map((version): [string, 'put back'] => [version, 'put back']),
  ];
}

/** What a migration that could not run in one transaction may have come to; every other recorded run was applied. */
const outcomes: Record<string, MigrationEvent['what']> = { applying: 'begun', failed: 'stopped half-way', undone: 'undone at once' };

/** History holds the name without the digits before it and without `.sql`; some tools write more. */
const fileNameOf = (version: string, name: string) =>
  name.startsWith(`${version}_`) ? `${name.replace(/\.sql$/, '')}.sql` : `${version}_${name.replace(/\.sql$/, '')}.sql`;
