import type { History, Run } from '../../src/history/history.ts';
import { describeApplied } from '../../src/snapshot/applied.ts';
import type { Manifest } from '../../src/snapshot/manifest.ts';
import { sha256 } from '../../src/snapshot/state.ts';
import type { StoredSnapshot } from '../../src/snapshot/store.ts';

export const fileNames = [
  '20260101000000_v0_1_0_base.sql',
  '20260102000000_v0_2_0_more_tables.sql',
  '20260103000000_create_profiles.sql',
  '0001_first.sql',
  '20260104_v0_3_0_short_date.sql',
  '2026-01-05T10:00:00_v1.2.3 with spaces.sql',
  'v0.4.0_smoke_test.sql',
  '20260105000000_expect.toml',
  '20260106000000_user@host.SQL',
];

export const newWords = [
  'v0.8.0 collaboration',
  '0.8.0 more of the same',
  'v1_2_3 Ärger mit Namen',
  'v1.2 short',
  'v0.9.0 billing_and-payments 2',
];

export const snapshotIds = [
  'v0.1.0_20260101000000',
  'v0.1.0_20260101000000_after',
  'v0.1.0',
  '20260101000000',
  'rollback_20260102030405',
  'v0.1.0_20260101000000.2',
  'supabase/snapshots/v0.1.0_20260101000000.sql',
  '1',
  '2',
];

/** None that could reach another database, write where it is told, or start a server. */
export const commandLines = [
  'rollback v0.1.0_20260101000000 --yes',
  'rollback --steps 1 --fill public.notes.due=now() --map public.mood.fine=ok',
  'rollback --list --output-format json',
  'migrate supabase/migrations/20260101000000_v0_1_0_base.sql --include-all --lock-wait 30s',
  'migrate --keep-data never --pg-dump bundled --dry-run',
  'status --exit-code --no-color',
  'test v0.1.0 --format tap',
  'test --all --output-format text',
  'kept prune --older-than 90d --returned-only',
  'kept list',
];

export const settings = [
  'require_version = true\nsnapshots_folder = "supabase/snapshots"\npg_dump = "bundled"\nlock_timeout = "5s"\nlock_retries = 3\n',
  'keep_limit = "500MB"\nenvironment = "staging"\nalert_after = "30s"\ntest_timeout = "2min"\nstatement_timeout = "0"\n',
  '# nothing but a comment\n',
  '[section]\nkey = [1, 2.5, "three", { four = 4 }]\nwhen = 2026-01-01T00:00:00Z\n',
  '\'lock_wait\' = \'\'\'1h\'\'\'\n"lock_timeout" = """500ms"""\n',
];

export const snapshotSql = 'CREATE TABLE public.notes (id integer NOT NULL);\n';

const manifest = (name: string, copy = 1): Manifest => ({
  format: 1,
  name,
  copy,
  sha256: sha256(snapshotSql),
  factsSha256: sha256('{}'),
  takenAt: '2026-01-02T03:04:05.000Z',
  serverVersion: '17.2',
  pgDump: 'bundled 17.2',
  ...describeApplied([{ version: '20260101000000', name: 'v0_1_0_base' }], undefined, []),
  counts: { tables: 1 },
  databaseBytes: 8_000_000,
  database: 'postgres',
  gitCommit: null,
  who: 'someone',
  toolVersion: '0.1.0',
});

export const manifests = [
  JSON.stringify(manifest('v0.1.0_20260101000000'), null, 2),
  JSON.stringify({ ...manifest('v0.1.0_20260101000000_after', 2), ...describeApplied([], undefined, []) }),
  JSON.stringify({
    ...manifest('v0.1.0_20260101000000'),
    predecessor: { id: 'v0.1.0_20260101000000', count: 1, sha256: '' },
    removed: ['1'],
  }),
  JSON.stringify({ ...manifest('../../outside'), added: [null], takenAt: 5 }),
  JSON.stringify({ name: 'a', copy: 1, sha256: '', added: [] }),
  '{"name": "x/../../y", "copy": -1, "sha256": "", "predecessor": {"id": "../x", "sha256": 1}, "added": [{"version": 1}], "takenAt": {}, "databaseBytes": "1"}',
];

export const expectations = [
  'schemas = ["public", "auth"]\n\n[counts]\ntables = 4\npolicies = 2\nmaterialized_views = 0\n\n[objects]\ntables = ["minds", "auth.users"]\npolicies = ["minds: owners read"]\nrls = ["minds"]\n',
  '[objects]\ntriggers = ["auth.users: on_auth_user_created"]\nfunctions = []\nenums = ["mood"]\n',
  '[counts]\nindexes = 1\n',
  'counts.tables = 3\nobjects = { views = ["a"] }\n',
];

export const sqlFiles = [
  '-- supasnap: transaction=off lock_timeout=5s\n-- supasnap: statement_timeout=10min\n-- what it is\ncreate index concurrently i on public.t (a);\n',
  "-- supasnap: transaction=on\r\ncreate table public.t (id int primary key, \"a b\" text default 'x;y');\r\ninsert into public.t values (1, E'a\\'b;');\r\n",
  "begin;\ncreate function public.f() returns trigger language plpgsql as $f$ begin new.a := 'x'; return new; end $f$;\nalter table public.t drop column a, add b int;\ncommit;\n",
  "/* a /* nested */ comment */ alter type public.mood add value 'fine'; update public.t set mood = 'fine' where id in (select 1);\ndrop table if exists public.u cascade; truncate public.t;\n",
  "do $$ begin execute format($q$drop table %I$q$, 'a'); delete from public.t; end $$;\ngrant select on public.t to anon;\nselect '1..1';\nrollback;\n",
  'create function g(a int) returns int begin atomic select case when a > 0 then 1 else 2 end; end;\ncopy t from stdin;\n1\tx\n\\.\n',
];

const run = (version: string, snapshotBefore: string): Run => ({
  id: '1',
  kind: 'migrate',
  status: 'done',
  version,
  name: 'v0_1_0_base',
  fileSha256: null,
  statements: [],
  undone: null,
  restored: null,
  snapshotBefore,
  snapshotAfter: `${snapshotBefore}_after`,
  rollbackSql: null,
  proof: null,
  changes: null,
  tested: null,
  progress: null,
  startedAt: '2026-01-02T03:04:05Z',
  appliedAt: '2026-01-02T03:04:05Z',
  durationMs: 5,
  environment: 'test',
  overrideReason: null,
  who: null,
  gitCommit: null,
  toolVersion: '0.1.0',
});

export const history: History = {
  applied: [
    { version: '20260101000000', name: 'v0_1_0_base', statements: [] },
    { version: '20260102000000', name: null, statements: null },
  ],
  runs: [run('20260101000000', 'v0.1.0_20260101000000')],
  ours: true,
};

export const snapshots: StoredSnapshot[] = [
  manifest('v0.1.0_20260101000000'),
  manifest('v0.1.0_20260101000000_after'),
  manifest('v0.1.0_20260101000000', 2),
].map((one) => ({
  id: one.copy === 1 ? one.name : `${one.name}.${one.copy}`,
  manifest: one,
  inFolder: true,
  inTarget: false,
}));
