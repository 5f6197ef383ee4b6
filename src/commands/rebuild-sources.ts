import { existsSync } from 'node:fs';
import type { Context } from '../context.ts';
import { refused } from '../errors.ts';
import type { AppliedMigration } from '../history/history.ts';
import { readLocal, type LocalFile } from '../migration/choose.ts';
import { migrationFromText } from '../history/from-text.ts';
import { sameText } from '../migration/order.ts';
import { readMigration } from '../migration/read.ts';
import { textOfStatements } from '../migration/statements.ts';
import { migrationScript, type Script } from '../transition/script.ts';

/** One applied migration, ready to be replayed. */
export interface Replayed {
  version: string;
  name: string | null;
  label: string;
  script: Script;
}

/** 20251027140000_v0_8_0_collaboration. */
export const labelOf = ({ version, name }: Pick<AppliedMigration, 'version' | 'name'>): string => [version, name].filter(Boolean).join('_');

/**
 * What each migration was when it was applied: its file, where that is what history recorded, else what history recorded, for that is what ran.
 * Throws a Problem (exit 3) where there is neither.
 */
export async function readReplayed({ config, report }: Context, rows: AppliedMigration[]): Promise<Replayed[]> {
  const { workdir, folders } = config;
  const local = existsSync(folders.migrations) ? (await readLocal({ workdir, folder: folders.migrations })).local : [];
  const files = new Map(local.map((file) => [file.version, file]));
  const replayed: Replayed[] = [];
  for (const row of rows) {
    const file = files.get(row.version);
    const label = labelOf(row);
    if (file && isRecorded(file, row)) {
      replayed.push({ ...row, label, script: migrationScript(await readMigration(file.path, file.label, workdir), file.label) });
      continue;
    }
    if (!row.statements?.length) throw nothingToReplay(label);
    report.note(`${label}: ${file ? 'its file was edited since' : 'it has no file here'}; replayed is what history recorded of it.`);
    replayed.push({
      ...row,
      label,
      script: migrationScript(await migrationFromText(`${label}.sql`, textOfStatements(row.statements)), `${label} (as recorded)`),
    });
  }
  return replayed;
}

/** Where history recorded no statements the file is all there is; the end of the replay tells whether it is what ran. */
const isRecorded = (file: LocalFile, { statements }: AppliedMigration): boolean =>
  !statements?.length || sameText(statements, file.statements);

const nothingToReplay = (label: string) =>
  refused('file_missing', `${label} can't be replayed: it has no file here, and history recorded no statements of it.`, {
    state: 'Nothing was changed.',
    next: 'Get its file from version control, then run the command again.',
  });
