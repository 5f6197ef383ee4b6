import { describe, expect, test } from 'vitest';
import { migrate } from '../../src/commands/migrate.ts';
import { rollback } from '../../src/commands/rollback.ts';
import { Problem } from '../../src/errors.ts';
import { NotFaithful } from '../../src/shadow/load.ts';
import { withScratchDatabase } from '../../src/shadow/scratch.ts';
import type { UseShadow } from '../../src/shadow/shadows.ts';
import { captureState } from '../../src/snapshot/state.ts';
import { type ConnectionSettings, withClient } from '../../src/target/connection.ts';
import { quietContext } from '../corpus-case.ts';
import { majors, ownServers, withDatabase, withEmptyDatabase } from '../postgres/database.ts';
import { withProject } from '../project.ts';

ownServers();

const file = 'supabase/migrations/20260101000000_v1_0_0_case.sql';
const sql = 'create table public.notes (id int primary key, body text not null);\nalter table public.people drop column phone;\n';
const before = "create table public.people (id int primary key, phone text not null); insert into public.people values (1, '111')";

const columns = (settings: ConnectionSettings, table: string) =>
  withClient(settings, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      'select attname::text as name from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by 1',
      [table],
    );
    return rows.map(({ name }) => name);
  });

const scratchesOf = (settings: ConnectionSettings) =>
  withClient(
    settings,
    async (client) =>
      (await client.query("select from pg_database where datname like 'supasnap\\_scratch\\_%' and datname like '%' || pg_backend_pid()"))
        .rowCount,
  );

const there = async (settings: ConnectionSettings, shadow: UseShadow | ConnectionSettings, again: UseShadow | ConnectionSettings) => {
  await withClient(settings, (client) => client.query(before));
  await withProject({ [file]: sql }, async (project) => {
    const context = quietContext(project.folder, settings, 'bundled');
    await migrate(context, { shadow });
    expect(await columns(settings, 'public.people')).toEqual(['id']);
    await withClient(settings, (client) => client.query("insert into public.notes values (1, 'kept')"));
    await rollback(context, { to: '20260101000000', shadow: again });
    expect(await columns(settings, 'public.people')).toEqual(['id', 'phone']);
    expect(await columns(settings, 'public.notes')).toEqual([]);
    const { rows } = await withClient(settings, (client) => client.query('select phone from public.people'));
    expect(rows).toEqual([{ phone: '111' }]);
  });
};

describe.each(majors)('on PostgreSQL %i', (major) => {
  test("a scratch database on the target's server rehearses, and is gone afterwards", async () => {
    await withEmptyDatabase(major, async ({ settings }) => {
      const shadow: UseShadow = (state, use) => withScratchDatabase(settings, state, use);
      await there(settings, shadow, shadow);
      expect(await scratchesOf(settings)).toBe(0);
    });
  });

  test('a transaction on the target rehearses and leaves nothing; facts judge alone', async () => {
    await withDatabase(major, async ({ settings }) => {
      const kinds: string[] = [];
      const shadow: UseShadow = (_state, use) => {
        kinds.push('target');
        return use({ kind: 'target', name: 'a transaction on the target', settings, ownRoles: [], commits: false, keep: async () => {} });
      };
      await there(settings, shadow, shadow);
      expect(kinds).toEqual(['target', 'target']);
    });
  });

  test('a state that lacks a role of the server is not loaded beside the target, for that would take the role from everyone', async () => {
    await withEmptyDatabase(major, async ({ name, settings }) => {
      const role = `${name}_colleague`;
      const state = await withClient(settings, (client) =>
        captureState(client, settings, { pgDump: 'bundled', serverVersionNum: major * 10_000, lockWaitMs: 5_000 }),
      );
      await withClient(settings, (client) => client.query(`create role ${role}`));
      try {
        const loaded = withScratchDatabase(settings, state, async () => 'loaded').catch((error: unknown) => error);
        expect(await loaded).toBeInstanceOf(NotFaithful);
        const { rowCount } = await withClient(settings, (client) => client.query('select from pg_roles where rolname = $1', [role]));
        expect(rowCount).toBe(1);
      } finally {
        await withClient(settings, (client) => client.query(`drop role if exists ${role}`));
      }
    });
  });

  test('an empty database given with --shadow rehearses; one that holds tables is refused and nothing is changed', async () => {
    await withEmptyDatabase(major, ({ settings }) =>
      withEmptyDatabase(major, (first) =>
        withEmptyDatabase(major, async (second) => {
          await there(settings, first.settings, second.settings);
          await withProject(
            { 'supabase/migrations/20260102000000_v1_1_0_more.sql': 'create table public.more (id int primary key);' },
            async (project) => {
              const refused = await migrate(quietContext(project.folder, settings, 'bundled'), { shadow: first.settings }).catch(
                (error: unknown) => error,
              );
              expect(refused).toBeInstanceOf(Problem);
              expect(refused).toMatchObject({ exitCode: 3, code: 'shadow_failed', message: expect.stringContaining('not empty') });
              expect(await columns(settings, 'public.more')).toEqual([]);
            },
          );
        }),
      ),
    );
  });
});
