import type { EarlierMigration, FoundFile } from '../../src/adopt/earlier.ts';

/** A file of a folder, as it would be read. */
export const found = (label: string, text = `select '${label}';\n`): FoundFile => ({
  label,
  fileName: label.split('/').at(-1)!,
  bytes: Buffer.from(text),
  text,
});

/** A migration that was read from such a file. */
export const earlier = (fileName: string, more: Partial<EarlierMigration> = {}): EarlierMigration => {
  const [, number = '', name = ''] = /^(\d+)_?(.*)\.sql$/.exec(fileName)!;
  const bytes = Buffer.from(`select '${fileName}';\n`);
  return { label: `db/${fileName}`, fileName, number, name, bytes, up: bytes, ...more };
};
