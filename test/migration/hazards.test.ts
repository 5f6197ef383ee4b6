import { describe, expect, test } from 'vitest';
import { dmlTargets } from '../../src/migration/dml-targets.ts';
import { destructiveStatements } from '../../src/migration/hazards.ts';
import { splitStatements } from '../../src/migration/statements.ts';

const hazards = async (sql: string) =>
  destructiveStatements(await splitStatements(sql)).map(({ what, severity }) => `${severity}: ${what}`);

describe('destructiveStatements', () => {
  test.each([
    ['drop table a.b, c', ['high: drops table a.b', 'high: drops table c']],
    ['drop table b cascade', ['high: drops table b and what depends on it']],
    ['alter table minds drop column summary, drop column if exists x', ['high: drops column minds.summary', 'high: drops column minds.x']],
    ['alter type pair drop attribute a', ['high: drops attribute pair.a']],
    ['drop schema s cascade', ['high: drops schema s and all in it']],
    ['drop schema s', ['low: drops schema s']],
    ['drop type mood', ['low: drops type mood']],
    ['drop type mood cascade', ['high: drops type mood and what depends on it']],
    ['drop view v; drop materialized view m', ['low: drops view v', 'low: drops materialized view m']],
    ['drop sequence s', ['medium: drops sequence s']],
    ['drop role r', ['medium: drops role r']],
    ['drop owned by r', ['high: drops everything that r owns']],
    ['drop function f(int), s.g', ['low: drops function f', 'low: drops function s.g']],
    ['drop policy p on s.t', ['medium: drops policy p on s.t']],
    ['drop trigger g on t', ['medium: drops trigger g on t']],
    ['drop text search configuration c', ['low: drops text search configuration c']],
    ['truncate a, b cascade', ['high: empties table a', 'high: empties table b']],
    ['delete from t', ['high: deletes every row of t']],
    ['delete from t where a = 1', ['medium: deletes rows of t']],
    ['update s.t set a = 1', ['high: changes every row of s.t']],
    ['with d as (delete from q returning *) insert into t select * from d', ['high: deletes every row of q']],
    ['insert into t values (1) on conflict (a) do update set b = 2', ['medium: changes rows of t']],
    ['merge into t using u on t.a = u.a when matched then delete when not matched then insert values (1)', ['medium: deletes rows of t']],
    ['alter table t alter column a type int using a::int', ['medium: changes the type of t.a']],
    ['alter table t alter a drop expression, alter b drop default', ['low: stops generating t.a', 'low: drops the default of t.b']],
    ['alter table t disable row level security', ['medium: switches row level security off on t']],
    ['alter table t disable trigger all, disable trigger x', ['medium: disables triggers on t', 'medium: disables trigger x on t']],
    ["alter type mood rename value 'a' to 'b'", ["low: renames label 'a' of enum mood to 'b'"]],
    ['grant select, insert on t to anon, r', ['medium: grants select, insert on t to anon']],
    ['grant all on all tables in schema s to public', ['medium: grants all rights on everything in schema s to public']],
    ['alter default privileges in schema s grant select on tables to anon', ['medium: grants select on objects made from now on to anon']],
    [
      'do $$ begin -- drop table x\n if true then drop table if exists s."T"; end if; execute \'truncate q\'; end $$',
      ['medium: a DO block that may drop table s.T', 'medium: a DO block that may empty table q'],
    ],
    [
      'create function f() returns void language sql as $$ delete from t; update only t as x set a = 1 $$',
      ['low: function f may delete rows of t', 'low: function f may change rows of t'],
    ],
  ])('%s', async (sql, expected) => expect(await hazards(sql)).toEqual(expected));

  test.each([
    'create table t (a int)',
    'alter table t add column a int, alter a set not null, alter b set default 1',
    'insert into t values (1) on conflict do nothing',
    'grant select on t to service_role; revoke select on t from anon',
    'grant select on t to authenticated',
    "alter type mood add value 'x'",
    'do $$ begin perform 1; end $$',
    'create function f() returns trigger language plpgsql as $$ begin select 1 for update; return new; end $$',
    'create trigger g before update on t for each row execute function f()',
    'select * from t for update',
    "comment on table t is 'drop table t'",
  ])('%s is none', async (sql) => expect(await hazards(sql)).toEqual([]));

  test('each hazard has the line of its statement and says what is lost', async () => {
    expect(destructiveStatements(await splitStatements('select 1;\n\ndrop table a'))).toEqual([
      { line: 3, where: 'line 3', what: 'drops table a', loses: 'every row of it', severity: 'high' },
    ]);
  });
});

test('dmlTargets names every table whose rows a statement changes', async () => {
  const sql = `insert into a.b select 1; copy c from '/x'; copy c to '/x';
    with q as (update d set x = 1 returning 1), r as (delete from e where true returning 1) select * from q, r;
    merge into f using g on true when matched then update set a = 1 when not matched then insert values (1);
    truncate h, i.j; create function k() returns void begin atomic delete from l; end`;
  const targets = dmlTargets(await splitStatements(sql)).map(
    ({ table, change, filtered }) => `${change} ${table}${filtered ? ' where' : ''}`,
  );
  expect(targets).toEqual([
    'insert a.b',
    'insert c',
    'update d',
    'delete e where',
    'update f where',
    'insert f',
    'truncate h',
    'truncate i.j',
  ]);
});

describe('what the platform needs', () => {
  test.each([
    ['drop publication supabase_realtime', ['high: drops publication supabase_realtime']],
    ['alter publication supabase_realtime drop table a.b', ['medium: takes a.b out of publication supabase_realtime']],
    ['alter publication supabase_realtime set table b', ['medium: leaves only b in publication supabase_realtime']],
    [
      'drop extension if exists supabase_vault, pg_net cascade',
      ['high: drops extension supabase_vault and what depends on it', 'high: drops extension pg_net and what depends on it'],
    ],
    [
      'drop extension pg_graphql; drop extension pg_stat_statements',
      ['high: drops extension pg_graphql', 'high: drops extension pg_stat_statements'],
    ],
    ['drop trigger protect_objects_delete on storage.objects', ['high: drops trigger protect_objects_delete on storage.objects']],
    [
      'alter table storage.objects disable trigger update_objects_updated_at',
      ['high: disables trigger update_objects_updated_at on storage.objects'],
    ],
    ['alter table storage.buckets disable trigger all', ['high: disables triggers on storage.buckets']],
    ['drop function auth.uid()', ['high: drops function auth.uid']],
    ['create or replace function auth.uid() returns uuid language sql as $$ select null::uuid $$', ['high: replaces function auth.uid']],
    ['drop schema storage cascade', ['high: drops schema storage and all in it']],
    ['drop schema extensions', ['high: drops schema extensions']],
    ['drop table auth.users', ['high: drops table auth.users']],
    ['drop role anon', ['high: drops role anon']],
    ['alter role authenticator nologin', ['high: changes role authenticator (login)']],
    ['alter role anon bypassrls', ['high: changes role anon (bypassrls)']],
    ['alter role service_role rename to x', ['high: renames role service_role']],
    ['revoke usage on schema public from anon, r', ['high: revokes usage of schema public from anon']],
    ['revoke all on schema public from public, authenticated', ['high: revokes usage of schema public from authenticated']],
    ['revoke anon from authenticator', ['high: takes role anon from authenticator']],
    ['drop event trigger pgrst_ddl_watch', ['high: drops event trigger pgrst_ddl_watch']],
  ])('%s', async (sql, expected) => expect(await hazards(sql)).toEqual(expected));

  test.each([
    'alter publication supabase_realtime add table t',
    "alter role authenticator set pgrst.db_schemas = 'public, api'",
    'alter role postgres password null',
    'create or replace function auth.my_own() returns int language sql as $$ select 1 $$',
    'create policy p on storage.objects using (true)',
    'revoke create on schema public from anon',
    'revoke all on t from anon',
    'revoke r from s',
    'create or replace trigger mine after insert on auth.users for each row execute function f()',
  ])('%s takes nothing from it', async (sql) => expect(await hazards(sql)).toEqual([]));

  test('is named with what stops working', async () => {
    const [found] = destructiveStatements(await splitStatements('drop publication supabase_realtime'));
    expect(found).toMatchObject({ loses: 'Realtime: clients hear of changes in no table any more', returns: true, platform: true });
  });
});
