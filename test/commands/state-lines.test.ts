import { describe, expect, test } from 'vitest';
import { migrate } from '../../src/commands/migrate.ts';
import { status } from '../../src/commands/status.ts';
import { mostly } from '../postgres/database.ts';
import { expectCode, expectUntouched, sites, urlOf } from './site.ts';

const next = '20260102000000_v0_2_0_next.sql';
const nextRollback = 'supabase/rollback/20260102000000_rollback.sql';

describe.each(mostly(15))('what is said of the state of things is so, on PostgreSQL %i:', (major) => {
  const { withBase } = sites(major, { bare: true });

  test.concurrent('without a right on the history nothing was changed, and the right is named', () =>
    withBase({ [next]: 'alter table public.notes add column done boolean;' }, async (site) => {
      await site.sql("create role clerk login password 'clerk'");
      const target = { remote: urlOf({ ...site.database, user: 'clerk', password: 'clerk' }) };
      for (const command of [status, (context: Parameters<typeof status>[0]) => migrate(context)]) {
        const told = await expectUntouched(site, 1, 'sql_failed', () => site.run<unknown>(command, { target }));
        expect(told).toContain('permission denied for schema supabase_migrations (42501)');
        expect(told).toContain('State: Nothing was changed.');
        expect(told).toContain('grant usage on schema "supabase_migrations" to "clerk";');
      }
      await site.sql('grant usage on schema supabase_migrations to clerk');
      const told = await expectUntouched(site, 1, 'sql_failed', () => site.run((context) => migrate(context), { target }));
      expect(told).toContain('clerk lacks that right. Connect as the role that owns the tables in schema supabase_migrations.');
    }));

  test.concurrent('localhost is this machine', () =>
    withBase({}, async (site) => {
      const asked = urlOf({ ...site.database, host: 'localhost' });
      const told = expectCode(await site.run(status, { target: { remote: `${asked}?sslmode=require` } }), 3, 'tls_failed').told;
      expect(told).toContain(`localhost:${site.database.port} offers no encryption, and it was asked for.`);
      expect(told).toContain('add sslmode=disable to');
      expectCode(await site.run(status, { target: { remote: `${asked}?sslmode=disable` } }), 0);
    }));

  test.concurrent('a rollback file that is named is there', () =>
    withBase(
      { [next]: "create type public.color as enum ('red');\nalter table public.notes add column color public.color;" },
      async (site) => {
        const dry = expectCode(await site.migrate({ dryRun: true }), 0);
        expect(dry.told).toContain(`${nextRollback} is not written in a dry run.`);
        expect(site.project.exists(nextRollback)).toBe(false);
        const { told, value } = expectCode(await site.migrate(), 0);
        expect(told).toMatch(new RegExp(`Rollback: ${nextRollback} \\(\\d statements\\)`));
        expect(value!.applied[0]!.rollback).toBe(nextRollback);
        expect(site.project.exists(nextRollback)).toBe(true);
      },
    ));
});
