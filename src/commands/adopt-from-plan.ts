import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { planConversion, type Conversion } from '../adopt/convert.ts';
import type { EarlierFolder } from '../adopt/earlier.ts';
import { inspect, type Inspection } from '../adopt/inspect.ts';
import { readLayout } from '../adopt/layout.ts';
import { readRecords, refuseEditedSince } from '../adopt/records.ts';
import { tableSql } from '../adopt/table-file.ts';
import { tableVersion } from '../adopt/version.ts';
import type { Context } from '../context.ts';
import { refused } from '../errors.ts';
import { readHistory, type History, isBaseline } from '../history/history.ts';
import { sameText } from '../migration/order.ts';
import { historyStatements } from '../migration/statements.ts';
import { dumpSchema } from '../snapshot/pg-dump/dump.ts';
import type { TargetSession } from '../target/session.ts';
import { findVariable } from '../target/variables.ts';
import type { AdoptFromOptions } from './adopt-from.ts';
import { readFolder, readPresentFiles } from './adopt-from-folder.ts';
import { findTable, type EarlierTable } from './adopt-from-table.ts';
import { below, captureOptions } from './present.ts';

/** A file to be written, and what it will hold. */
export interface NewFile {
  path: string;
  content: string | Buffer;
}

/** Everything that is decided before anything is touched. */
export interface AdoptionPlan {
  folder: EarlierFolder;
  /** The name of the other tool, as it is told. */
  tool: string;
  table: EarlierTable;
  conversions: Conversion[];
  /** Applied, and to be recorded in our history. */
  toRecord: Conversion[];
  /** Applied, and recorded there already. */
  recorded: Conversion[];
  pending: Conversion[];
  files: NewFile[];
  notes: string[];
}

export const tools = {
  dbmate: 'dbmate',
  down: 'the runner of _migrations',
  rollbacks: 'the runner of archon_migrations',
  numbered: 'the earlier runner',
};

/** Reads the folder, the other tool's table and our history, and decides what is to be done. Throws a Problem where it would make history untrue. */
export async function planAdoption(context: Context, session: TargetSession, options: AdoptFromOptions): Promise<AdoptionPlan> {
  const { config } = context;
  const source = await readFolder(context, resolve(config.workdir, options.from));
  const folder = readLayout(source);
  const inspection = await inspect(folder.migrations);
  const table = await findTable(session.client, folder, findVariable(context, 'DBMATE_MIGRATIONS_TABLE')?.value, source.label);
  const { applied, notes } = table.roles
    ? readRecords(table.rows, table.roles, folder.migrations, table.label)
    : { applied: [], notes: [] };
  if (!options.allowEdited) refuseEditedSince(applied, table.label);
  const tool = tools[folder.layout];
  const present = await readPresentFiles(context);
  const first = applied.map(({ appliedAt }) => appliedAt).sort()[0] ?? null;
  const tableFile = await tableConversion(context, session, {
    table,
    inspection,
    tool,
    present: present.find(({ version }) => version === tableVersion)?.bytes,
    appliedAt: first,
  });
  const {
    conversions,
    toWrite,
    notes: conversionNotes,
  } = planConversion({
    migrations: folder.migrations,
    applied,
    ways: inspection.ways,
    table: tableFile,
    present,
    requireVersion: config.settings.requireVersion,
  });
  const history = await readHistory(session.client);
  const { toRecord, recorded, notes: historyNotes } = compareWithHistory(conversions, history);
  const rollbacks = await rollbackFiles(context, conversions);
  return {
    folder,
    tool,
    table,
    conversions,
    toRecord,
    recorded,
    pending: conversions.filter((one) => !one.applied),
    files: [...toWrite.map(({ fileName, content }) => ({ path: join(config.folders.migrations, fileName), content })), ...rollbacks.files],
    notes: [
      ...(tableFile
        ? [`No migration makes ${table.label}, so a file that does stands first: without it the files would not make this schema.`]
        : []),
      ...folder.notes,
      ...inspection.notes,
      ...notes,
      ...editedNotes(options, applied),
      ...conversionNotes,
      ...historyNotes,
      ...rollbacks.notes,
    ],
  };
}

const editedNotes = ({ allowEdited }: AdoptFromOptions, applied: { checksum: string; migration: { label: string } }[]): string[] => {
  const edited = allowEdited ? applied.filter(({ checksum }) => checksum === 'other') : [];
  return edited.length > 0
    ? [`Edited since applied, and taken over as they are (--allow-edited): ${edited.map(({ migration }) => migration.label).join(', ')}.`]
    : [];
};

/** The other tool's table is part of the schema, but its runner made it: without a file for it the files would not make this schema. */
async function tableConversion(
  context: Context,
  session: TargetSession,
  {
    table,
    inspection,
    tool,
    present,
    appliedAt,
  }: { table: EarlierTable; inspection: Inspection; tool: string; present: Buffer | undefined; appliedAt: string | null },
): Promise<Conversion | undefined> {
  if (inspection.tables.has(table.label) || inspection.tables.has(table.name)) return undefined;
  const name = `history_of_${table.name.replace(/\W+/g, '_').replace(/^_+/, '')}`;
  const content = present ?? Buffer.from(await makeTableSql(context, session, table, tool));
  return {
    version: tableVersion,
    name,
    fileName: `${tableVersion}_${name}.sql`,
    content,
    from: `table ${table.label}`,
    rollback: undefined,
    applied: { appliedAt, appliedBy: null },
  };
}

async function makeTableSql(context: Context, session: TargetSession, table: EarlierTable, tool: string): Promise<string> {
  const { pgDump, serverVersionNum, lockWaitMs } = captureOptions(context, session, {});
  const { sql } = await dumpSchema(session.target.settings, {
    choice: pgDump,
    serverVersion: serverVersionNum,
    excludeSchemas: ['supabase_migrations'],
    lockWaitMs,
  });
  return tableSql(sql, table, tool);
}

/** A migration that our history knows and does not call applied was undone with us since: the other tool's table can't know. */
function compareWithHistory(
  conversions: Conversion[],
  history: History,
): { toRecord: Conversion[]; recorded: Conversion[]; notes: string[] } {
  const { applied, runs } = history;
  const rows = new Map(applied.map((row) => [row.version, row]));
  const baseline = applied.find(({ version }) => isBaseline(version, history));
  if (baseline)
    throw refused(
      'already_applied',
      `This database was adopted before, with the baseline ${baseline.version}_${baseline.name ?? ''}: it holds what these files made.`,
      {
        state: 'Nothing was changed.',
        next: `Go on from the baseline, or take it out of history first: npx supasnap repair --reverted ${baseline.version}`,
      },
    );
  const known = new Set(runs.flatMap(({ kind, version }) => (kind === 'migrate' && version !== null ? [version] : [])));
  const wanted = conversions.filter((one) => one.applied);
  for (const { version, content, fileName } of wanted) {
    const statements = rows.get(version)?.statements;
    if (!statements || sameText(statements, historyStatements(content.toString('utf8')))) continue;
    throw refused('edited', `Version ${version} is recorded as applied already, with other statements than those of ${fileName}.`, {
      state: 'Nothing was changed.',
      next: `Find out which of them was applied; then correct the file, or: npx supasnap repair --reverted ${version}`,
    });
  }
  const undone = wanted.filter(({ version }) => !rows.has(version) && known.has(version));
  return {
    recorded: wanted.filter(({ version }) => rows.has(version)),
    toRecord: wanted.filter(({ version }) => !rows.has(version) && !known.has(version)),
    notes: undone.map(({ fileName }) => `${fileName} was taken over before and has been rolled back since; it stays pending.`),
  };
}

/** One that is there already is left alone, whoever wrote it. */
async function rollbackFiles(context: Context, conversions: Conversion[]): Promise<{ files: NewFile[]; notes: string[] }> {
  const files: NewFile[] = [];
  const notes: string[] = [];
  for (const { version, rollback, from } of conversions) {
    if (rollback === undefined) continue;
    const path = join(context.config.folders.rollback, `${version}_rollback.sql`);
    if (!existsSync(path)) files.push({ path, content: rollback });
    else if ((await readFile(path, 'utf8')) !== rollback)
      notes.push(`${below(context, path)} is there already and is left as it is; what came with ${from} is not used.`);
  }
  return { files, notes };
}
