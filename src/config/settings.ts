import { parse, TomlError } from 'smol-toml';
import { usage } from '../errors.ts';
import { readEnvironments, type EnvironmentSettings } from './environments.ts';
import { nearest } from './nearest.ts';

/** How grave a finding is, gravest first. */
export const adviceLevels = ['error', 'warn', 'info'] as const;
export type AdviceLevel = (typeof adviceLevels)[number];

/** What supabase/supasnap.toml may say; every key has a default. Times are milliseconds here, durations like "5s" in the file. */
export interface Settings {
  requireVersion: boolean;
  snapshotsFolder: string;
  rollbackFolder: string;
  pgDump: 'auto' | 'native' | 'bundled';
  lockTimeoutMs: number;
  /** The same for changes of policies and triggers, whose statements keep logins and storage waiting on the hosted platform; the shorter of the two counts. */
  platformLockTimeoutMs: number;
  lockRetries: number;
  lockWaitMs: number;
  statementTimeoutMs: number;
  /** A change that takes longer says so while it runs; 0 for never. */
  alertAfterMs: number;
  testTimeoutMs: number;
  /** Above this many bytes to copy, keeping rows is a question. */
  keepLimitBytes: number;
  /** Whether new findings of the Supabase CLI's advisors are shown, where it is installed. */
  advice: 'auto' | 'off';
  /** From this level on a new finding stands against a migration. */
  failOnAdvice: 'none' | AdviceLevel;
  /** What looks like a secret in a snapshot ends the run before it is written. */
  failOnSecrets: boolean;
  /** What MIGRATIONS.md calls a target that is none of `environments`. */
  environment?: string;
  environments: EnvironmentSettings[];
}

export const defaultSettings: Settings = {
  requireVersion: false,
  snapshotsFolder: 'supabase/snapshots',
  rollbackFolder: 'supabase/rollback',
  pgDump: 'auto',
  lockTimeoutMs: 5_000,
  platformLockTimeoutMs: 2_000,
  lockRetries: 5,
  lockWaitMs: 60_000,
  statementTimeoutMs: 0,
  alertAfterMs: 30_000,
  testTimeoutMs: 60_000,
  keepLimitBytes: 1_000_000_000,
  advice: 'auto',
  failOnAdvice: 'none',
  failOnSecrets: false,
  environments: [],
};

type Reader = (value: unknown, problem: (expected: string) => never) => unknown;

const boolean: Reader = (value, problem) => (typeof value === 'boolean' ? value : problem('true or false'));
const text: Reader = (value, problem) => (typeof value === 'string' && value !== '' ? value : problem('a text'));
const count: Reader = (value, problem) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : problem('a whole number');
const choice =
  (...words: string[]): Reader =>
  (value, problem) =>
    typeof value === 'string' && words.includes(value) ? value : problem(words.map((word) => `"${word}"`).join(', '));
const bytes: Reader = (value, problem) => {
  const match = typeof value === 'string' ? /^\s*(\d+)\s*(kB|MB|GB)\s*$/.exec(value) : null;
  const number = match ? Number(match[1]) * { kB: 1e3, MB: 1e6, GB: 1e9 }[match[2] as 'kB'] : Number.NaN;
  return Number.isSafeInteger(number) ? number : problem('a size like "500MB" or "2GB"');
};
const duration: Reader = (value, problem) => {
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  return ms ?? problem('a duration like "5s", "500ms" or "2min" ("0" for none)');
};

const keys: Record<string, { setting: keyof Settings; read: Reader }> = {
  require_version: { setting: 'requireVersion', read: boolean },
  snapshots_folder: { setting: 'snapshotsFolder', read: text },
  rollback_folder: { setting: 'rollbackFolder', read: text },
  pg_dump: { setting: 'pgDump', read: choice('auto', 'native', 'bundled') },
  lock_timeout: { setting: 'lockTimeoutMs', read: duration },
  platform_lock_timeout: { setting: 'platformLockTimeoutMs', read: duration },
  lock_retries: { setting: 'lockRetries', read: count },
  lock_wait: { setting: 'lockWaitMs', read: duration },
  statement_timeout: { setting: 'statementTimeoutMs', read: duration },
  alert_after: { setting: 'alertAfterMs', read: duration },
  test_timeout: { setting: 'testTimeoutMs', read: duration },
  keep_limit: { setting: 'keepLimitBytes', read: bytes },
  advice: { setting: 'advice', read: choice('auto', 'off') },
  fail_on_advice: { setting: 'failOnAdvice', read: choice('none', ...adviceLevels) },
  fail_on_secrets: { setting: 'failOnSecrets', read: boolean },
  environment: { setting: 'environment', read: text },
};

const allKeys = [...Object.keys(keys), 'env'];

/** Reads the settings file; all mistakes in it are reported together. */
export function parseSettings(source: string, file: string): Settings {
  const table = readToml(source, file);
  const problems: string[] = [];
  const settings: Record<string, unknown> = { ...defaultSettings };
  for (const [key, value] of Object.entries(table)) {
    if (key === 'env') {
      settings.environments = readEnvironments(value, (text) => problems.push(text));
      continue;
    }
    const known = Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (!known) {
      const near = nearest(key, allKeys);
      problems.push(`"${key}" is not a setting.${near ? ` Did you mean "${near}"?` : ''}`);
      continue;
    }
    const wrong = Symbol('wrong');
    try {
      settings[known.setting] = known.read(value, (expected) => {
        problems.push(`"${key}" must be ${expected}.`);
        throw wrong;
      });
    } catch (error) {
      if (error !== wrong) throw error;
    }
  }
  if (problems.length > 0) {
    throw usage('bad_config', `${file} holds ${problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`}.`, {
      detail: problems,
      state: 'Nothing was changed.',
      next: `Correct ${file}. Settings: ${allKeys.join(', ')}.`,
    });
  }
  return settings as unknown as Settings;
}

/** The longest time that PostgreSQL's settings and timers hold: 24 days. */
const longestMs = 2 ** 31 - 1;

/** "5s", "500ms", "2min", "1h" or plain milliseconds to milliseconds; undefined when it is none of these, or more than 24 days. */
export function parseDuration(source: string): number | undefined {
  const match = /^\s*(\d+)\s*(ms|s|min|m|h|)\s*$/.exec(source);
  if (!match) return undefined;
  const unit = { ms: 1, s: 1000, min: 60_000, m: 60_000, h: 3_600_000, '': 1 }[match[2] as 'ms'];
  const ms = Number(match[1]) * unit;
  return ms <= longestMs ? ms : undefined;
}

function readToml(source: string, file: string): Record<string, unknown> {
  try {
    return parse(source.replace(/^﻿/, ''));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw usage('bad_config', `${file} is not valid TOML: ${error.message.split('\n')[0]}`, {
      place: { file, line: error.line, column: error.column, text: source.split('\n')[error.line - 1] ?? '' },
      state: 'Nothing was changed.',
      next: `Correct that line of ${file}.`,
    });
  }
}
