/**
 * Every error has one of these codes. Programs and scripts switch on the code; messages may change at any time.
 * docs/ERRORS.md is written from this list: node scripts/errors-md.mjs
 */

interface Described {
  /** The exit codes that it comes with; the compiler holds the calls of errors.ts to them. */
  exits: readonly (1 | 2 | 3 | 4 | 130)[];
  means: string;
}

type Family = Readonly<Record<string, Described>>;

const call = {
  wrong_arguments: { exits: [2], means: 'The arguments are wrong: an unknown value, two goals, a number out of range.' },
  bad_config: { exits: [2, 3], means: 'A settings file (supasnap.toml, config.toml) has a mistake.' },
  bad_target: {
    exits: [2],
    means: 'The database meant is not known: no such environment, no linked project, a URL or TLS setting with a mistake.',
  },
} as const satisfies Family;

const files = {
  file_missing: { exits: [1, 2, 3], means: 'A file or folder does not exist or cannot be read.' },
  file_exists: { exits: [3], means: 'A file of that name exists already, and is not overwritten.' },
  file_too_large: { exits: [1, 2], means: 'A file is larger than what is read.' },
  bad_file_name: {
    exits: [2, 3],
    means: 'A migration has a name or a folder that history has no room for, or shares its version with another.',
  },
  bad_sql: { exits: [1], means: 'The text of a file cannot be read as SQL: its encoding, syntax, header, an include or a psql command.' },
  transaction_control: { exits: [1, 4], means: 'A file ends the transaction it runs in, or holds what cannot run in one.' },
  edited: { exits: [3], means: 'A file is no longer what was applied.' },
  renamed: { exits: [3], means: 'A file is applied already, under a name that no file has any more.' },
  out_of_order: { exits: [3], means: 'A migration is older than the newest one applied, or newer ones stand on it.' },
} as const satisfies Family;

const connection = {
  connection_failed: { exits: [1], means: 'The server cannot be reached, or does not answer.' },
  login_failed: { exits: [1, 3], means: 'The server does not let this user in, or the password is missing.' },
  tls_failed: { exits: [1, 3], means: 'No connection with the encryption and the certificate asked for.' },
  server_busy: { exits: [1, 3], means: 'The server or its pooler has no free connection.' },
  connection_lost: { exits: [1], means: 'The connection broke while it was in use.' },
  platform_failed: { exits: [1], means: 'The API of the platform did not answer, or refused.' },
  not_writable: { exits: [3], means: 'The target only takes reads: a standby, a read-only database, a pooler in transaction mode.' },
  unsupported_version: { exits: [1, 3], means: 'The server, pg_dump or the format of a snapshot has a version that does not fit.' },
} as const satisfies Family;

const server = {
  missing_rights: { exits: [1, 3], means: 'The role may not do what this needs.' },
  sql_failed: { exits: [1], means: 'The server refused a statement; the SQLSTATE says why.' },
  locked: { exits: [1, 3], means: 'Another supasnap is at work on this database or embedded server.' },
  lock_timeout: { exits: [1], means: 'Other sessions hold locks that were not released in time.' },
  changed_meanwhile: { exits: [3], means: 'Someone changed the target while this ran. Run it again.' },
} as const satisfies Family;

const gates = {
  protected_target: { exits: [3], means: 'The environment is protected and has to be named.' },
  not_confirmed: { exits: [3], means: 'Nobody confirmed.' },
  outside_window: { exits: [3], means: 'The deployment window is closed.' },
  not_promoted: { exits: [3], means: 'The migration was not applied and tested on an environment that this one requires.' },
  advice: { exits: [3], means: "The platform's advisors have new findings, or could not be asked." },
  secret_found: { exits: [3], means: 'The snapshot would hold a secret in plain text.' },
} as const satisfies Family;

const history = {
  bad_history: { exits: [3], means: 'The history of migrations is missing, altered or contradicts itself.' },
  already_applied: { exits: [2, 3], means: 'It is in history already.' },
  not_applied: { exits: [2, 3], means: 'A migration is not applied that has to be.' },
  drift: { exits: [3, 4], means: 'The schema is not what the migrations make: someone changed it otherwise.' },
  unfinished_run: { exits: [3, 4], means: 'A run stopped between its steps.' },
  cannot_resume: { exits: [2, 3], means: 'No run can be resumed, or it cannot be told from where.' },
} as const satisfies Family;

const proof = {
  not_proven: { exits: [1, 3], means: 'The way back could not be found, or not proven in the rehearsal.' },
  shadow_failed: { exits: [1, 3], means: 'It could not be rehearsed: no shadow database can hold it, or the rehearsal failed.' },
  unexpected_result: { exits: [1, 4], means: 'The result on the target is not that of the rehearsal.' },
} as const satisfies Family;

const rows = {
  row_conflict: {
    exits: [1, 3, 4],
    means: 'Rows do not fit the schema that returns, or kept rows cannot be put back beside those of now.',
  },
  cannot_keep: { exits: [1, 3], means: 'Rows that would be lost cannot be kept, or are more than the limit.' },
  copy_missing: { exits: [1, 2], means: 'There is no such kept copy.' },
} as const satisfies Family;

const tests = {
  test_failed: { exits: [1, 4], means: 'A smoke test failed.' },
  test_missing: { exits: [3], means: 'There is no such smoke test.' },
  bad_test: { exits: [1, 3], means: 'A smoke test or its expectations cannot be read, or hold what a test may not do.' },
} as const satisfies Family;

const snapshots = {
  snapshot_missing: { exits: [2, 3], means: 'There is no such snapshot.' },
  snapshot_damaged: { exits: [1, 3], means: 'A snapshot is incomplete, or its files are not what was written.' },
  dump_failed: { exits: [1, 3], means: 'The schema cannot be dumped.' },
} as const satisfies Family;

const machine = {
  disk_full: { exits: [1], means: 'The disk is full.' },
  write_failed: { exits: [1, 4], means: 'A file could not be written.' },
  not_installed: { exits: [1, 3], means: 'A program is missing on this machine.' },
  embedded_failed: { exits: [1], means: 'The embedded PostgreSQL does not start, stop or answer.' },
} as const satisfies Family;

const ending = {
  outcome_unknown: { exits: [4], means: 'The target does not answer, so it is not known whether the change was committed.' },
  cut_off: { exits: [4], means: 'The change is committed and recorded; what comes after it was cut off.' },
  interrupted: { exits: [1, 130], means: 'Interrupted by a signal.' },
  internal: { exits: [1], means: 'An error that nobody foresaw.' },
} as const satisfies Family;

export const errorFamilies = {
  'The call': call,
  Files: files,
  'The connection': connection,
  'At work on the server': server,
  'Asked before a change': gates,
  History: history,
  'Rehearsal and proof': proof,
  Rows: rows,
  'Smoke tests': tests,
  Snapshots: snapshots,
  'This machine': machine,
  'How a run ended': ending,
} as const satisfies Record<string, Family>;

export const errorCodes = {
  ...call,
  ...files,
  ...connection,
  ...server,
  ...gates,
  ...history,
  ...proof,
  ...rows,
  ...tests,
  ...snapshots,
  ...machine,
  ...ending,
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** The codes that come with an exit code. */
export type CodeOfExit<Exit extends number> = {
  [Code in ErrorCode]: Exit extends (typeof errorCodes)[Code]['exits'][number] ? Code : never;
}[ErrorCode];
