import { migrationName } from '../migration/file-name.ts';

/** Midnight of 2000-01-01: before every migration that anyone writes from now on. */
const epoch = Date.UTC(2000, 0, 1);
const mostNumber = 99_999_999;

/** Stands before every number: the table in which the other tool kept its history. */
export const tableVersion = '19991231235959';

/**
 * The version that a number of another tool becomes; undefined where it is too long. A date stays that date, with the time it lacks as
 * zeros; a count becomes as many seconds after the beginning of 2000. It follows from the number alone, so all machines and all databases
 * get the same file names, whenever a migration was applied there.
 */
export function versionOf(digits: string): string | undefined {
  const padded = digits.padEnd(14, '0');
  if ([8, 10, 12, 14].includes(digits.length) && isMoment(padded)) return padded;
  const number = Number(digits);
  return number <= mostNumber ? new Date(epoch + number * 1_000).toISOString().replace(/\D/g, '').slice(0, 14) : undefined;
}

const isMoment = (digits: string): boolean => digits < '2100' && migrationName(`${digits}_x.sql`)?.timestamp !== undefined;
