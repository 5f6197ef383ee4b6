import { createHash } from 'node:crypto';
import { parseHeader } from '../migration/header.ts';
import { migrationName, type MigrationName } from '../migration/file-name.ts';
import type { Migration } from '../migration/read.ts';
import { historyStatements, splitStatements } from '../migration/statements.ts';

/** A migration that is no file (yet): its text and the name that it has or would have. Throws a Problem at what is not valid SQL. */
export async function migrationFromText(fileName: string, text: string): Promise<Migration & { label: string }> {
  const name: MigrationName = migrationName(fileName) ?? { fileName, version: '', name: fileName, description: fileName, label: fileName };
  return {
    path: fileName,
    label: fileName,
    name,
    text,
    source: fileName,
    includes: [],
    sha256: createHash('sha256').update(text).digest('hex'),
    header: parseHeader(text, fileName),
    statements: await splitStatements(text, fileName),
    history: historyStatements(text),
    notes: [],
  };
}
