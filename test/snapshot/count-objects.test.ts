import { describe, expect, test } from 'vitest';
import { countObjects } from '../../src/snapshot/count-objects.ts';
import { withClient } from '../../src/target/connection.ts';
import { majors, withDatabase } from '../postgres/database.ts';
import { run, withFreshClient } from '../smoke/run.ts';

const schema = `
  create type public.mood as enum ('calm', 'wild');
  create type public.span as range (subtype = int);
  create domain public.short as text;
  create table public.minds (id int primary key, owner uuid, mood public.mood);
  create unique index on public.minds (owner);
  create table public.logs (at date not null, n int) partition by range (at);
  create table public.logs_2025 partition of public.logs for values from ('2025-01-01') to ('2026-01-01');
  create index on public.logs (at);
  create view public.calm as select id from public.minds;
  create materialized view public.totals as select count(*) from public.minds;
  create index on public.totals (count);
  create function public.touch() returns trigger language plpgsql as $$ begin return new; end $$;
  create procedure public.tidy(days int) language sql as 'select 1';
  create aggregate public.total (int) (sfunc = int4pl, stype = int);
  create trigger touch before update on public.minds for each row execute function public.touch();
  create trigger log after insert on public.logs for each row execute function public.touch();
  create trigger on_auth_user_created after insert on auth.users for each row execute function public.touch();
  alter table public.minds enable row level security;
  create policy "owners read" on public.minds for select using (true);
  create schema app; create table app.things ();`;

const found = { tables: 3, views: 1, policies: 1, functions: 3, triggers: 2, enums: 1, indexes: 5, materialized_views: 1 };

describe.each(majors)('PostgreSQL %i', (major) => {
  test('objects of a schema are counted, those that the server made by itself are not', async () => {
    await withFreshClient(major, async (client) => {
      await client.query(schema);
      expect(await countObjects(client, ['public'])).toEqual(found);
      expect((await countObjects(client, ['public', 'app'])).tables).toBe(4);
      expect((await countObjects(client, ['nowhere'])).tables).toBe(0);
    });
  });

  test('objects of an extension are not counted', async () => {
    await withDatabase(major, ({ superuser }) =>
      withClient(superuser, async (client) => {
        await client.query(schema);
        await client.query(`alter extension plpgsql add table public.minds; alter extension plpgsql add function public.touch();
          alter extension plpgsql add type public.mood`);
        expect(await countObjects(client, ['public'])).toEqual({
          ...found,
          tables: 2,
          policies: 0,
          functions: 2,
          triggers: 1,
          enums: 0,
          indexes: 3,
        });
      }),
    );
  });

  test('expectations that hold pass, and name what does not', async () => {
    await withFreshClient(major, async (client) => {
      await client.query(schema);
      const right = await run(client, 'select 1;', {
        toml: `[counts]
tables = 3
views = 1
policies = 1
functions = 3
triggers = 2
enums = 1
indexes = 5
materialized_views = 1
[objects]
tables = ["minds", "app.things", "logs_2025"]
views = ["calm"]
functions = ["touch", "tidy(IN days integer)"]
policies = ["minds: owners read"]
triggers = ["auth.users: on_auth_user_created", "minds: touch"]
enums = ["mood"]
indexes = ["minds_pkey"]
materialized_views = ["totals"]
rls = ["minds"]
`,
      });
      expect(right.checks.filter((check) => !check.ok)).toEqual([]);
      expect(right.ok).toBe(true);
      expect(right.counts.tables).toEqual({ expected: 3, found: 3 });

      const wrong = await run(client, 'create table public.another ();', {
        toml: '[counts]\ntables = 4\n[objects]\ntables = ["mindz"]\npolicies = ["minds: owner read"]\nrls = ["logs"]\n',
      });
      expect(wrong.checks).toEqual([
        { ok: false, name: '4 tables', detail: '3 found' },
        { ok: false, name: 'there is the table mindz', detail: 'not there; did you mean "minds"?' },
        { ok: false, name: 'there is the policy minds: owner read', detail: 'not there; did you mean "minds: owners read"?' },
        { ok: false, name: 'row-level security is on for logs', detail: 'it is off' },
        { ok: true, name: 'v0.7.0_smoke_test.sql ran without error' },
      ]);
      expect(wrong.ok).toBe(false);
      expect(wrong.problem).toBeUndefined();
    });
  });
});
