import { expect, describe, test } from 'vitest';
import { mostly } from '../postgres/database.ts';
import { expectCode, expectUntouched, sites, type Site } from './site.ts';

const next = '20260102000000_v0_2_0_hook.sql';
const token = 'a1B2c3D4e5F6g7H8i9';
const hook = (name: string) =>
  `create trigger ${name} after insert on public.notes for each row execute function public.send('{"Authorization":"Bearer ${token}"}');\n`;
const send = "create function public.send() returns trigger language plpgsql as 'begin return null; end';\n";
const files = (site: Site) => site.project.list('supabase/snapshots');

describe.each(mostly(17))('secrets in snapshots, PostgreSQL %i', (major) => {
  const { withBase } = sites(major);

  test.concurrent('what a migration brings is named with the snapshot after it, with what to do, and not again', () =>
    withBase({ [next]: send + hook('told') }, async (site) => {
      const { told } = expectCode(await site.migrate(), 0);
      expect(told).toContain('trigger public.notes told: bearer token (a1B2…)');
      expect(told).toContain('vault.decrypted_secrets');
      expect(told.match(/looks like a secret/g)).toHaveLength(1);
      expect(told).not.toContain(token);
      site.project.write('supabase/migrations/20260103000000_v0_3_0_tags.sql', 'create table public.tags (id int);\n');
      const again = expectCode(await site.migrate(), 0).told;
      expect(again).toContain('1 object in the snapshot holds what looks like a secret, as in the last one.');
      expect(again).not.toContain('vault.decrypted_secrets');
      const back = expectCode(await site.rollback({ steps: 2 }), 0).told;
      expect(back).not.toContain(token);
    }));

  test.concurrent('what was made by hand is named when a snapshot is taken of it', () =>
    withBase({ [next]: 'create table public.tags (id int);\n' }, async (site) => {
      await site.sql(send + hook('by_hand'));
      expect(expectCode(await site.migrate(), 0).told).toContain('trigger public.notes by_hand: bearer token (a1B2…)');
    }));

  test.concurrent('with --fail-on-secrets migrate writes no snapshot and changes nothing, whether the secret is there or comes with the file', () =>
    withBase({ [next]: send + hook('told') }, async (site) => {
      const before = files(site);
      const told = await expectUntouched(site, 3, 'secret_found', () => site.migrate({ failOnSecrets: true }));
      expect(told).toContain('line 2: bearer token (a1B2…)');
      expect(told).toContain('without --fail-on-secrets');
      expect(files(site)).toEqual(before);
      await site.sql(send + hook('by_hand'));
      site.project.write(`supabase/migrations/${next}`, 'create table public.tags (id int);\n');
      site.project.write('supabase/supasnap.toml', 'fail_on_secrets = true\n');
      expect(await expectUntouched(site, 3, 'secret_found', () => site.migrate())).toContain(
        'trigger public.notes by_hand: bearer token (a1B2…)',
      );
      expect(files(site)).toEqual(before);
      expect(site.project.list('supabase/rollback').filter((name) => name.includes('20260102'))).toEqual([]);
    }));

  test.concurrent('with --fail-on-secrets rollback writes no snapshot and changes nothing', () =>
    withBase({ [next]: send + hook('told') }, async (site) => {
      expectCode(await site.migrate(), 0);
      const before = files(site);
      expect(await expectUntouched(site, 3, 'secret_found', () => site.rollback({ steps: 1, failOnSecrets: true }))).toContain(
        'trigger public.notes told',
      );
      expect(files(site)).toEqual(before);
      expectCode(await site.rollback({ steps: 1 }), 0);
    }));
});
