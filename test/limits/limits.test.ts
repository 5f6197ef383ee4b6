import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { historyStatements } from '../../src/migration/statements.ts';
import { withClient } from '../../src/target/connection.ts';
import { type Site, sites } from '../commands/site.ts';

/** Only with SUPASNAP_LIMITS=all (npm run test:limits): it takes long. */
const all = process.env.SUPASNAP_LIMITS === 'all';
const next = '20260102000000_v0_2_0_next.sql';
const script = fileURLToPath(new URL('../../scripts/supasnap', import.meta.url));

/** Seconds, and the most memory that the program had at once, in MB; undefined where the system does not tell. */
interface Run {
  seconds: number;
  peak: number | undefined;
}

/** Runs the real program in the site's project, and throws with all it said when it does not end well. */
async function run({ project, database }: Site, ...words: string[]): Promise<Run> {
  const { user, password, host, port, database: name } = database;
  const began = performance.now();
  const child = execa(process.execPath, [script, ...words], {
    cwd: project.folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: `postgresql://${user}:${password}@${host}:${port}/${name}` },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    all: true,
  });
  let peak: number | undefined;
  const status = `/proc/${child.pid}/status`;
  const watching = setInterval(() => {
    if (existsSync(status)) peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1] ?? 0) / 1024 || peak;
  }, 100);
  const { exitCode, all: told } = await child;
  clearInterval(watching);
  expect(exitCode, told).toBe(0);
  return { seconds: (performance.now() - began) / 1000, peak };
}

const inWords = ({ seconds, peak }: Run) => `${seconds.toFixed(1)} s, ${peak === undefined ? 'memory not known' : `${peak.toFixed(0)} MB`}`;

/** Migrates and rolls back; the schema comes back, and the program stays under a gigabyte. */
async function thereAndBack(site: Site, what: string): Promise<{ there: Run; back: Run }> {
  const before = (await site.state()).dump;
  const there = await run(site, 'migrate', '--yes');
  const back = await run(site, 'rollback', '--steps', '1', '--yes');
  console.log(`${what}: migrate ${inWords(there)}; rollback ${inWords(back)}`);
  expect(withoutOurs((await site.state()).dump)).toBe(withoutOurs(before));
  for (const { peak } of [there, back]) expect(peak ?? 0).toBeLessThan(1024);
  return { there, back };
}

/** What is kept of rows stays in our schema. */
const withoutOurs = (dump: string) =>
  dump
    .split(/(?=^--\n-- Name: )/m)
    .filter((entry) => !entry.includes('Schema: supabase_migrations'))
    .join('');

describe.runIf(all)('within its limits', () => {
  const { withBase } = sites(17, { bare: true });

  test(
    'views on views, a table as wide as PostgreSQL allows, names of 63 bytes and a function of megabytes go forward and back',
    { timeout: 3_600_000 },
    () =>
      withBase({ [next]: odd({ views: 200, columns: 1600, bytes: 5_000_000 }) }, async (site) => {
        await thereAndBack(site, 'odd shapes');
      }),
  );

  test('ten times the tables take no more than their share of time and memory', { timeout: 3_600_000 }, () =>
    withBase({ [next]: 'alter table public.notes drop column due;\ncreate table public.more (id int primary key);\n' }, async (site) => {
      await makeTables(site, 1, 1_000);
      await thereAndBack(site, '1,000 tables');
      await makeTables(site, 1_001, 10_000);
      await thereAndBack(site, '10,000 tables');
    }),
  );

  test('five thousand migrations in history', { timeout: 3_600_000 }, () =>
    withBase({ '20990102000000_v0_2_0_next.sql': 'alter table public.notes drop column due;\n' }, async (site) => {
      const text = 'select 1;\n';
      const versions = Array.from({ length: 5_000 }, (_, index) => String(20_300_101_000_000 + index));
      for (const version of versions) site.project.write(`supabase/migrations/${version}_step.sql`, text);
      await withClient(site.database, (client) =>
        client.query(
          'insert into supabase_migrations.schema_migrations (version, name, statements) select v, $2, $3 from unnest($1::text[]) as v',
          [versions, 'step', historyStatements(text)],
        ),
      );
      console.log(`5,000 migrations: status ${inWords(await run(site, 'status'))}`);
      await thereAndBack(site, '5,000 migrations');
    }),
  );
});

async function makeTables(site: Site, from: number, to: number): Promise<void> {
  for (let first = from; first <= to; first += 500) {
    await site.sql(`do $$ begin for i in ${first}..${Math.min(first + 499, to)} loop
      execute format('create table public.t_%s (id bigint generated always as identity primary key, name text not null, note bigint references public.%s)', i, case when i % 100 = 1 then 'notes' else 't_' || (i - 1) / 100 * 100 + 1 end);
    end loop; end $$`);
  }
}

function odd({ views, columns, bytes }: { views: number; columns: number; bytes: number }): string {
  const long = (letter: string) => letter.repeat(63);
  return [
    `create table public."${long('T')}" ("${long('C')}" int constraint "${long('K')}" check ("${long('C')}" > 0));`,
    `create index "${long('I')}" on public."${long('T')}" ("${long('C')}");`,
    `create table public.wide (${Array.from({ length: columns }, (_, index) => `column_${index} int`).join(', ')});`,
    `create function public.long() returns text language sql as $f$ select '${'x'.repeat(bytes)}' $f$;`,
    'create view public.v_0 as select id, body from public.notes;',
    ...Array.from(
      { length: views },
      (_, index) => `create view public.v_${index + 1} as select id, body || '' as body from public.v_${index};`,
    ),
    'alter table public.notes rename column due to until;',
    '',
  ].join('\n');
}
