import { expect, test } from 'vitest';
import { needsPlatformRights } from '../../src/migration/platform-rights.ts';
import { splitStatements } from '../../src/migration/statements.ts';

const needs = async (sql: string) => (await splitStatements(sql)).map(needsPlatformRights);

test.each([
  'create policy p on storage.objects for select using (true)',
  'alter policy p on realtime.messages using (true)',
  'alter policy p on storage.objects rename to q',
  'drop policy if exists p on storage.objects',
  'create or replace trigger t after insert on auth.users for each row execute function f()',
  'drop trigger if exists t on auth.users',
  'create event trigger e on ddl_command_end execute function f()',
  'alter event trigger e disable',
  'drop event trigger e',
  "comment on event trigger e is 'x'",
  'create publication p for all tables',
  'create publication p for table a, tables in schema s',
  'alter publication p add tables in schema s',
  'create foreign data wrapper w',
  'drop foreign data wrapper w',
  'create extension if not exists pgcrypto with schema extensions',
  'drop extension pgcrypto',
  'set session_replication_role = replica',
  'set local session_replication_role to origin',
  "alter role authenticator set log_statement = 'all'",
  'create role r bypassrls',
  'do $$ begin create policy "a b" on "storage".objects using (true); end $$',
  "do $$ begin execute 'drop trigger t on auth.users'; end $$",
  'do $$ begin if not exists (select 1) then create publication p for all tables; end if; end $$',
])('%s needs them', async (sql) => expect(await needs(sql)).toEqual([true]));

test.each([
  'create policy p on public.objects using (true)',
  'create policy p on objects using (true)',
  'drop policy p on notes',
  'drop trigger t on public.users',
  'create trigger t after insert on notes for each row execute function auth.f()',
  'create publication p for table a',
  'alter publication supabase_realtime add table a',
  'set search_path = storage',
  'alter table auth.users add column x int',
  'create table t (a int references auth.users)',
  'create role r login',
  'do $$ begin -- create policy p on storage.objects\n perform 1; end $$',
  'do $$ begin create policy p on public.t using (true); perform 1 from storage.objects; end $$',
])('%s does not', async (sql) => expect(await needs(sql)).toEqual([false]));
