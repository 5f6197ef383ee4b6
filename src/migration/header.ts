import { failed } from '../errors.ts';
import { placeAt, type Source } from '../sql-error.ts';
import { cutSql } from './cut.ts';

/** What `-- supasnap: key=value …` lines above the first statement of a file ask for. */
export interface MigrationHeader {
  /** `false`: run every statement outside a transaction. */
  transaction?: boolean;
  /** As PostgreSQL writes it, such as `5s` or `0`. */
  lockTimeout?: string;
  statementTimeout?: string;
}

const line = /^[ \t]*--[ \t]*supasnap:(.*)$/gim;

/** Reads the header comments of a file. Throws a Problem at a key or value that is not known. */
export function parseHeader(sql: string, file: Source = 'SQL text'): MigrationHeader {
  const header: MigrationHeader = {};
  for (const match of commentsBefore(sql).matchAll(line)) {
    const words = match[1] ?? '';
    const start = match.index + match[0].length - words.length;
    for (const pair of words.matchAll(/\S+/g)) set(header, pair[0], file, sql, start + pair.index);
  }
  return header;
}

function commentsBefore(sql: string): string {
  for (const cut of cutSql(sql)) if (cut.first >= 0) return sql.slice(0, cut.first);
  return sql;
}

function set(header: MigrationHeader, pair: string, file: Source, sql: string, offset: number): void {
  const [key, value = ''] = pair.split('=', 2);
  if (key === 'transaction' && (value === 'on' || value === 'off')) header.transaction = value === 'on';
  else if (key === 'lock_timeout' && isDuration(value)) header.lockTimeout = value;
  else if (key === 'statement_timeout' && isDuration(value)) header.statementTimeout = value;
  else
    throw failed('bad_sql', `"${pair}" is not a setting that a file's header can make`, {
      place: placeAt(file, sql, offset),
      detail: ['Known: transaction=on|off, lock_timeout=5s, statement_timeout=10min'],
      state: 'Nothing was changed.',
      next: 'Correct the line that begins with "-- supasnap:".',
    });
}

const units: Record<string, number> = { us: 0.001, ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration of a header in milliseconds, rounded up; a number alone is milliseconds, as for PostgreSQL. */
export function durationMs(value: string): number {
  const [, number, unit = 'ms'] = /^(\d+)([a-z]+)?$/.exec(value)!;
  return Math.ceil(Number(number) * units[unit]!);
}

const isDuration = (value: string) => /^\d+(us|ms|s|min|h|d)?$/.test(value);
