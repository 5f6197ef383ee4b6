import { isValid, parse } from 'date-fns';
import { type Problem, usage } from '../errors.ts';

/** What the name of a migration file says. */
export interface MigrationName {
  fileName: string;
  /** The digits before the first underscore, as the CLI's history has them. */
  version: string;
  /** The rest without `.sql`, as the CLI's history has it. */
  name: string;
  /** `v0.7.0`, when the name carries one. */
  release?: string;
  /** The words after the release; `name` when there is none. */
  description: string;
  /** What snapshots and tests go by: the release, else the version. */
  label: string;
  /** When the version is a moment: that moment, in UTC. */
  timestamp?: Date;
}

export interface NameRules {
  /** Refuse names without `vX_Y_Z`. */
  requireVersion?: boolean;
  /** For the suggestion of a name that holds no date. */
  now?: Date;
}

/** What the CLI applies; anything else in the folder it skips. */
const cliPattern = /^([0-9]+)_(.*)\.sql$/s;
const releasePattern = /^v(0|[1-9]\d*)_(0|[1-9]\d*)_(0|[1-9]\d*)(?:_(.*))?$/s;
const rightForm = 'YYYYMMDDHHmmss_vX_Y_Z_description.sql';

/**
 * Reads the name of a file that is about to be applied. Throws a usage Problem that suggests the right name; files that were applied
 * long ago under a worse name are read with `migrationName`.
 */
export function parseMigrationName(fileName: string, rules: NameRules = {}): MigrationName {
  const parsed = migrationName(fileName);
  if (!parsed) throw wrongName(fileName, rules, 'is not the name of a migration');
  if (/\s/.test(fileName)) throw wrongName(fileName, rules, 'has spaces in it');
  if (!parsed.timestamp) checkCount(parsed.version, fileName, rules);
  if (!parsed.release) {
    if (looksLikeRelease(parsed.name)) throw wrongName(fileName, rules, 'has its version in the wrong form');
    if (rules.requireVersion) throw wrongName(fileName, rules, 'has no version in it, and require_version is set');
    return parsed;
  }
  if (!parsed.timestamp) throw wrongName(fileName, rules, 'does not begin with a date and time of 14 digits');
  if (!parsed.description) throw wrongName(fileName, rules, 'says nothing after its version');
  return parsed;
}

/** The parts of any name that the CLI applies; undefined for one that it skips. */
export function migrationName(fileName: string): MigrationName | undefined {
  const [, version, name] = cliPattern.exec(fileName) ?? [];
  if (version === undefined || name === undefined) return undefined;
  const timestamp = version.length === 14 ? momentOf(version) : undefined;
  const [, major, minor, patch, words = ''] = releasePattern.exec(name) ?? [];
  if (major === undefined) return { fileName, version, name, description: name, label: version, timestamp };
  const release = `v${major}.${minor}.${patch}`;
  return { fileName, version, name, release, description: words, label: release, timestamp };
}

/** The CLI's order: by the digits as text, so `0002` stands before `20251026211500`. */
export const compareVersions = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** `v0.7.0_20251026211500`; for a file without a release, its version alone. */
export const snapshotName = (label: string, version: string) => (label === version ? version : `${label}_${version}`);

/** Digits that look like a date must be one; others are a plain count, which the CLI takes too. */
function checkCount(version: string, fileName: string, rules: NameRules): void {
  const year = Number(version.slice(0, 4));
  if (version.length === 14) throw wrongName(fileName, rules, `begins with ${version}, which is no date and time`);
  if ((version.length === 8 || version.length === 10 || version.length === 12) && year >= 1990 && year < 2100)
    throw wrongName(fileName, rules, 'begins with a date whose time is not complete');
}

function momentOf(digits: string): Date | undefined {
  const moment = parse(`${digits}Z`, 'yyyyMMddHHmmssX', new Date(0));
  return isValid(moment) && moment.getUTCFullYear() >= 1990 ? moment : undefined;
}

const looksLikeRelease = (name: string) => /^[vV]\d+([._-]\d+)+([._-]|$)/.test(name);

function wrongName(fileName: string, { now }: NameRules, what: string): Problem {
  const suggestion = suggestName(fileName, now);
  return usage('bad_file_name', `${fileName} ${what}.`, {
    detail: [`The right form is ${rightForm}, with the time in UTC.`],
    state: 'Nothing was changed.',
    next: suggestion ? `Rename it, perhaps to ${suggestion}` : 'Make a new file with: npx supasnap new v0.1.0 what_it_does',
  });
}

/** The name that was probably meant, with the time of now where it has no date; undefined where a part would have to be invented. */
export function suggestName(fileName: string, now?: Date): string | undefined {
  const bare = fileName.trim().replace(/\.sql$/i, '');
  const [, digits, rest] = /^(\d{4}[-\d:T.]*\d)[\s_.-]+(.*)$/s.exec(bare) ?? [];
  const version = digits && completeMoment(digits.replace(/\D/g, ''));
  if (!version || rest === undefined) return now && withTimeOf(now, bare);
  const [, major, minor, patch = '0', words = ''] = /^v(\d+)[._-](\d+)(?:[._-](\d+))?(?:[\s._-]+(.*))?$/is.exec(rest) ?? [];
  const tidy = tidyWords(major === undefined ? rest : words);
  const release = major === undefined ? '' : `v${Number(major)}_${Number(minor)}_${Number(patch)}_`;
  return `${version}_${release}${tidy || 'changes'}.sql`;
}

function withTimeOf(now: Date, bare: string): string | undefined {
  const released = /^\d*[\s_.-]*(v\d+[._-]\d+.*)$/is.exec(bare)?.[1];
  return released && suggestName(`${now.toISOString().replace(/\D/g, '').slice(0, 14)}_${released}.sql`);
}

const tidyWords = (words: string) =>
  words
    .trim()
    .toLowerCase()
    .replace(/[\s.-]+/g, '_')
    .replace(/_+/g, '_')
    .replace(/^_|_$/g, '');

/** Adds a missing time or seconds; undefined when even that makes no date. */
function completeMoment(digits: string): string | undefined {
  if (![8, 10, 12, 14].includes(digits.length)) return undefined;
  const full = digits.padEnd(14, '0');
  return momentOf(full) && full;
}
