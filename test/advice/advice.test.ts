import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withClient } from '../../src/target/connection.ts';
import { expectCode, expectUntouched, type Site, sites } from '../commands/site.ts';
import { mostly } from '../postgres/database.ts';

const realCli = join(process.cwd(), 'node_modules', 'supabase', 'dist', 'supabase.js');
const second = '20260102000000_v0_2_0_tags.sql';
const third = '20260103000000_v0_3_0_more.sql';
const open = 'create table public.tags (id int primary key);\n';
const guarded =
  'create table public.links (id int primary key);\nalter table public.links enable row level security;\ncreate policy own on public.links for select using ((select auth.uid()) is not null);\n';
const mutable = "create function public.one() returns int language sql as 'select 1';\n";

/** As npm installs it in a project. */
function install({ project }: Site, script: string): void {
  project.write('node_modules/.bin/supabase', `#!/bin/sh\n${script}\n`);
  chmodSync(project.path('node_modules/.bin/supabase'), 0o755);
}

/** The real CLI; each call leaves its words in calls.txt. */
const installReal = (site: Site) =>
  install(site, `echo "$*" >> '${site.project.path('calls.txt')}'\nexec '${process.execPath}' '${realCli}' "$@"`);

describe.each(mostly(17))('PostgreSQL %i', (major) => {
  const { withBase, server } = sites(major);

  test('new findings are told with the plan, those from before are not; the advisors leave nothing behind, and look at no state twice', () =>
    withBase(
      {
        [second]: `${open}create schema api;\ngrant usage on schema api to anon;\ncreate table api.t (id int primary key);\ngrant select on api.t to anon;\n`,
        [third]: guarded,
        'supabase/config.toml': '[api]\nschemas = ["public", "api"]\n[auth]\nsite_url = "env(NOT_SET_ANYWHERE)"\n',
      },
      async (site) => {
        installReal(site);
        const dry = expectCode(await site.migrate({ dryRun: true }), 0);
        expect(dry.told).toMatch(
          /Advisors, new: ERROR RLS Disabled in Public: Table `public\.tags` is public, but RLS has not been enabled\. https:\/\/supabase\.com\/\S+/,
        );
        expect(dry.told).not.toContain('public.notes');
        expect(dry.value?.rehearsed[0]?.advice).toMatchObject([
          { level: 'error', object: 'api.t' },
          { level: 'error', object: 'public.tags' },
        ]);

        const { told, value } = expectCode(await site.migrate(), 0);
        expect(value?.applied.map(({ advice }) => advice?.map(({ object }) => object))).toEqual([['api.t', 'public.tags'], []]);
        expect(told).toContain("The platform's advisors find nothing new.");

        const calls = site.project.read('calls.txt').trim().split('\n');
        expect(calls).toHaveLength(4);
        for (const call of calls) expect(call).not.toContain(site.database.password);
        expect(site.project.list('supabase')).toEqual(['config.toml', 'docs', 'migrations', 'rollback', 'snapshots']);
        await withClient({ ...server().superuser, database: `${site.database.database}_shadow` }, async (client) => {
          const { rows } =
            await client.query(`select (select count(*)::int from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()) as sessions,
          (select array_agg(relname::text order by relname) from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r') as tables`);
          expect(rows).toEqual([{ sessions: 0, tables: ['links', 'notes', 'tags'] }]);
        });
      },
    ));

  test('fail_on_advice refuses what brings such a finding, and nothing is changed; graver and milder ones are told apart; the flag goes before the settings', () =>
    withBase({ [second]: open, 'supabase/supasnap.toml': 'advice = "off"\nfail_on_advice = "error"\n' }, async (site) => {
      installReal(site);
      const told = await expectUntouched(site, 3, 'advice', () => site.migrate());
      expect(told).toContain(
        "v0_2_0_tags.sql brings 1 new finding of the platform's advisors at level error.\n  ERROR RLS Disabled in Public: Table `public.tags`",
      );
      expect(told).toContain('--fail-on-advice none');
      expect(expectCode(await site.migrate({ dryRun: true }), 0).told).toContain('brings 1 new finding');

      site.project.write(`supabase/migrations/${second}`, mutable);
      expect(await expectUntouched(site, 3, 'advice', () => site.migrate({ failOnAdvice: 'warn' }))).toContain(
        'at level warn or above.\n  WARN Function Search Path Mutable',
      );
      expect(expectCode(await site.migrate(), 0).told).toContain('Advisors, new: WARN Function Search Path Mutable: Function `public.one`');

      site.project.write(`supabase/migrations/${third}`, open);
      const { told: quiet, value } = expectCode(await site.migrate({ failOnAdvice: 'none' }), 0);
      expect(quiet).not.toMatch(/advisors/i);
      expect(value?.applied[0]?.advice).toBeUndefined();
    }));

  test('where no CLI is installed nothing is said, and who insists is refused; one that fails is a note', () =>
    withBase({ [second]: open, [third]: guarded }, async (site) => {
      expect(await expectUntouched(site, 3, 'advice', () => site.migrate({ failOnAdvice: 'error' }))).toContain(
        'npm install --save-dev supabase',
      );
      const { told } = expectCode(await site.migrate({ files: [second] }), 0);
      expect(told).not.toMatch(/advisors/i);
      expect(existsSync(site.project.path('.supasnap/advice'))).toBe(false);

      install(site, 'echo "no such command" >&2; exit 1');
      const reason = 'the Supabase CLI (node_modules/.bin/supabase) could not be asked: no such command.';
      expect(await expectUntouched(site, 3, 'advice', () => site.migrate({ failOnAdvice: 'error' }))).toContain(reason);
      const failing = expectCode(await site.migrate(), 0);
      expect(failing.told).toContain(`No advice of the platform's advisors: ${reason}`);
      expect(failing.value?.applied).toHaveLength(1);
    }));
});
