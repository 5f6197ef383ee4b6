/** A file as it was read, with the path to show. */
export interface FoundFile {
  label: string;
  /** Its name alone. */
  fileName: string;
  bytes: Buffer;
  /** Its text, without a byte order mark. */
  text: string;
}

/** A way back that came with a migration. */
export interface EarlierDown {
  /** The path to show. */
  label: string;
  text: string;
}

/** A migration of another tool, as its folder holds it. */
export interface EarlierMigration {
  /** The path to show. */
  label: string;
  fileName: string;
  /** The digits at the beginning of its name. */
  number: string;
  /** The words behind them, fit for the name of a file. */
  name: string;
  /** The bytes that a checksum was taken of. */
  bytes: Buffer;
  /** What runs forward, as it is to lie in supabase/migrations. */
  up: Buffer;
  down?: EarlierDown;
}

/** The layouts that are known: numbered files with a folder of down files, or both ways in one file as dbmate has them. */
export type Layout = 'down' | 'rollbacks' | 'numbered' | 'dbmate';

/** What was read of a folder. */
export interface EarlierFolder {
  layout: Layout;
  /** In the order in which they run. */
  migrations: EarlierMigration[];
  /** Sentences about what is not as one would expect, and no reason to stop. */
  notes: string[];
}

/** Numbers are compared without the zeros before them: 001 and 1 are one. */
export const sameNumber = (digits: string): string => digits.replace(/^0+(?=\d)/, '');

/** Words as they can stand in the name of a migration. */
export const tidyName = (words: string): string =>
  words
    .trim()
    .replace(/\.up$/i, '')
    .replace(/[\s/\\]+/g, '_')
    .replace(/^[_-]+/, '') || 'migration';
