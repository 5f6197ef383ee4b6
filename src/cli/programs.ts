import type { Program } from './command.ts';

export const programs: Program[] = [
  {
    name: 'migrate',
    description: 'Apply migrations, each one only after its rollback was rehearsed and proven on a shadow database.',
    arguments: [['[files...]', 'migrations to apply; none: all that are pending, in order']],
    options: [
      ['--dry-run', 'rehearse and show everything, change nothing'],
      ['--include-all', 'apply files older than the newest applied one too'],
      ['--allow-edited', 'go on although an applied file was edited since'],
      ['--resume [step]', 'go on with a migration that stopped between its steps'],
      ['--allow-unproven', 'apply although the way back could not be proven'],
      ['--fail-on-advice <level>', "refuse what brings new findings of the Supabase CLI's advisors: error, warn, info, or none"],
      ['--override <reason>', 'apply although the deployment window is closed; the reason is recorded'],
      ['--shadow <url>', 'an empty database to rehearse in'],
      ['--lock-wait <time>', 'how long to wait for another runner, such as 30s (default 60s)'],
      ['--pg-dump <which>', 'native, bundled or auto'],
      ['--keep-data <how>', 'auto: keep what goes, ask above the limit; always; never: let it go for good'],
      ['--fail-on-secrets', 'end before anything is written where a snapshot would hold what looks like a secret'],
    ],
    run: async (...call) => (await import('./migrate.ts')).run(...call),
  },
  {
    name: 'rollback',
    description: 'Bring the database back to a snapshot, a version, or the state before a migration.',
    arguments: [
      [
        '[to]',
        "a snapshot or its path, a version such as v0.7.0 (as it was after its last migration), or a migration's timestamp (undo that one)",
      ],
    ],
    options: [
      ['--steps <n>', 'undo the last n migrations'],
      ['--list', 'show the snapshots'],
      ['--fill <column=expression...>', 'a value for rows that came since, such as public.tickets.priority=3'],
      ['--map <label=other...>', 'a label for rows that use one that goes, such as public.kind.fish=cat'],
      [
        '--without <table=condition...>',
        'rows that stand against a constraint that returns: take them out and keep them, such as "public.tickets=priority > 5"',
      ],
      ['--accept-cast <column...>', 'let newer values be cut to fit a type that returns; whole in the copy'],
      ['--allow-unmatched', 'leave old values in the copy where a table has no key and users changed rows since'],
      ['--dry-run', 'plan and prove, change nothing'],
      ['--allow-unproven', 'go on although it could not be proven'],
      ['--shadow <url>', 'an empty database to rehearse in'],
      ['--lock-wait <time>', 'how long to wait for another runner, such as 30s (default 60s)'],
      ['--pg-dump <which>', 'native, bundled or auto'],
      ['--keep-data <how>', 'auto: keep what goes, ask above the limit; always; never: let it go for good'],
      ['--fail-on-secrets', 'end before anything is written where a snapshot would hold what looks like a secret'],
    ],
    run: async (...call) => (await import('./rollback.ts')).run(...call),
  },
  {
    name: 'test',
    description: 'Run a version\'s smoke test, or tests written for "supabase test db" (pgTAP), each in a transaction that is rolled back.',
    arguments: [['[test]', 'a version such as v0.7.0, or a file or folder below supabase/tests; none: the newest applied version']],
    options: [
      ['--all', 'every smoke test of the applied versions, and every other file below supabase/tests'],
      ['--format <format>', 'tap, junit or github, for programs that read results'],
    ],
    run: async (...call) => (await import('./test.ts')).run(...call),
  },
  {
    name: 'status',
    description: 'Show what is applied, pending, edited and missing, drift, and the last snapshot.',
    arguments: [],
    options: [['--exit-code', 'exit 3 unless everything is applied and nothing differs']],
    run: async (...call) => (await import('./status.ts')).run(...call),
  },
  {
    name: 'checklist',
    description: 'Show what a migration has behind it before it is deployed: tried, applied elsewhere, proven, tested, window open.',
    arguments: [['<file>', 'the migration']],
    options: [],
    run: async (...call) => (await import('./checklist.ts')).run(...call),
  },
  {
    name: 'new',
    description: 'Make a migration and its smoke test from templates.',
    arguments: [
      ['<version>', 'such as v0.8.0'],
      ['<description...>', 'in a word or more, such as collaboration'],
    ],
    options: [],
    run: async (...call) => (await import('./new.ts')).run(...call),
  },
  {
    name: 'doctor',
    description: 'Show what is found, what is missing, and what to do about it.',
    arguments: [],
    options: [],
    run: async (...call) => (await import('./doctor.ts')).run(...call),
  },
  {
    name: 'repair',
    description: 'Show where files and history do not agree, and mend it. No migration is run or undone, no file overwritten.',
    arguments: [],
    options: [
      ['--fetch', 'write migrations, rollbacks and snapshots that the target holds and this folder does not'],
      ['--applied <version...>', 'record as applied what is there already'],
      ['--reverted <version...>', 'record as not applied'],
      ['--lock-wait <time>', 'how long to wait for another runner, such as 30s (default 60s)'],
    ],
    run: async (...call) => (await import('./repair.ts')).run(...call),
  },
  {
    name: 'adopt',
    description:
      'Take a database as it is: write and prove a baseline where there is no history, else rebuild the snapshots that a rollback needs; or take over the migrations of another tool.',
    arguments: [
      ['[version]', 'of the baseline, such as v1.0.0 (default v0.1.0)'],
      ['[description...]', 'of the baseline, in a word or more (default baseline)'],
    ],
    options: [
      [
        '--from <folder>',
        'take over the migrations there and their history table: numbered files with down/ or rollbacks/, or those of dbmate',
      ],
      ['--allow-edited', 'with --from: take over files that were edited since they were applied'],
      ['--dry-run', 'show what would be done, change nothing'],
      ['--allow-unproven', 'adopt although it could not be proven that the baseline makes the same'],
      ['--shadow <url>', 'an empty database to prove it in'],
      ['--lock-wait <time>', 'how long to wait for another runner, such as 30s (default 60s)'],
      ['--pg-dump <which>', 'native, bundled or auto'],
    ],
    run: async (...call) => (await import('./adopt.ts')).run(...call),
  },
  {
    name: 'kept',
    description: 'Show the rows that migrates and rollbacks kept in the database, or let go of what is kept there.',
    arguments: [
      [
        '[what]',
        'list (or nothing): what is kept; export: one copy as CSV; prune: remove old copies; release: allow TRUNCATE of supasnap\'s tables, as "supabase db reset" does',
      ],
      ['[id]', 'with export: the number of the copy'],
    ],
    options: [
      ['--out <file>', 'with export: where to write; - is the standard output (default kept_<id>_<schema>.<table>.csv)'],
      ['--older-than <age>', 'with prune: only copies older than that, such as 90d, 12w or 36h'],
      ['--returned-only', 'with prune: only copies that were put back, and wholly'],
      ['--lock-wait <time>', 'with prune: how long to wait for another runner, such as 30s (default 60s)'],
    ],
    run: async (...call) => (await import('./kept.ts')).run(...call),
  },
  {
    name: 'stop',
    description: 'Stop the embedded PostgreSQL. Its data stays.',
    arguments: [],
    options: [],
    run: async (...call) => (await import('./stop.ts')).run(...call),
  },
];
