/** Tests as people write them for `supabase test db`, by path below supabase/tests, and whether each one passes. */
export const cliTests: Record<string, { passes: boolean; text: string }> = {
  'rls.test.sql': {
    passes: true,
    text: `begin;
create extension if not exists pgtap with schema extensions;
select plan(9);
select has_table('public', 'notes', 'there are notes');
select policies_are('public', 'notes', array['owners read', 'owners write']);
insert into auth.users (id, email) values ('11111111-1111-1111-1111-111111111111', 'a@example.com'), ('22222222-2222-2222-2222-222222222222', 'b@example.com');
insert into public.notes (owner, body) values ('11111111-1111-1111-1111-111111111111', 'mine'), ('22222222-2222-2222-2222-222222222222', 'yours');
set local role authenticated;
select set_config('request.jwt.claims', '{"sub": "11111111-1111-1111-1111-111111111111", "role": "authenticated"}', true);
select is(auth.uid(), '11111111-1111-1111-1111-111111111111'::uuid, 'it is user a');
select results_eq('select body from public.notes order by body', array['mine'], 'a sees what is hers');
select lives_ok($$ insert into public.notes (owner, body) values (auth.uid(), 'more') $$, 'a writes');
select throws_ok($$ insert into public.notes (owner, body) values ('22222222-2222-2222-2222-222222222222', 'no') $$, '42501', 'new row violates row-level security policy for table "notes"', 'not for others');
reset role;
select set_config('request.jwt.claims', '', true);
set local role anon;
select is_empty('select * from public.notes', 'strangers see nothing');
reset role;
select todo('policies for admins', 1);
select ok(false, 'admins see all');
select skip('no second project here', 1);
select * from finish();
rollback;
`,
  },
  'sub/without-plan.pg': {
    passes: true,
    text: 'begin;\nselect * from no_plan();\nselect pass();\nselect pass();\nselect * from finish();\nrollback;\n',
  },
  'before-begin.sql': {
    passes: true,
    text: "create extension if not exists pgtap with schema extensions;\nset client_min_messages = warning;\nBEGIN;\nselect plan(1);\nselect ok(true, 'a \\# sign');\nselect * from finish();\nROLLBACK;\n-- the end\n",
  },
  'psql-head.sql': {
    passes: true,
    text: '\\unset ECHO\n\\set QUIET 1\n\\pset format unaligned\n\\pset tuples_only true\n\\pset pager off\n\\set ON_ERROR_ROLLBACK 1\n\\set ON_ERROR_STOP true\nBEGIN;\nSELECT plan(1);\nSELECT pass();\nSELECT * FROM finish();\nROLLBACK;\n',
  },
  'savepoints.sql': {
    passes: true,
    text: "begin;\nselect plan(2);\nselect pass('before');\nsavepoint a;\ninsert into public.notes (body) values ('x');\nrollback to a;\nrelease a;\nselect is_empty('select * from public.notes', 'taken back');\nselect * from finish();\nrollback;\n",
  },
  'plain.sql': { passes: true, text: "select '1..2';\nselect 'ok 1 - without pgTAP';\nselect 'not ok 2 - later # TODO not yet';\n" },
  'left-out.sql': { passes: true, text: "select '1..0 # SKIP nothing to do here';\n" },
  'differs.sql': {
    passes: false,
    text: "begin;\nselect plan(2);\nselect is(1 + 1, 3, 'sums are right');\nselect results_eq('values (1), (2)', 'values (1), (3)', 'rows are equal');\nselect * from finish();\nrollback;\n",
  },
  'plan-too-long.sql': { passes: false, text: 'begin;\nselect plan(3);\nselect pass();\nselect * from finish();\nrollback;\n' },
  'raises.sql': {
    passes: false,
    text: 'begin;\nselect plan(2);\nselect pass();\nselect 1 / 0;\nselect pass();\nselect * from finish();\nrollback;\n',
  },
  'bails.sql': { passes: false, text: "begin;\nselect plan(1);\nselect 'Bail out! no ground to stand on';\nselect pass();\nrollback;\n" },
  'no-plan-at-all.sql': { passes: false, text: 'begin;\nselect count(*) from public.notes;\nrollback;\n' },
  'out-of-order.sql': { passes: false, text: "select '1..2';\nselect 'ok 2 - b';\nselect 'ok 1 - a';\n" },
  'syntax.sql': { passes: false, text: 'begin;\nselect plan(1);\nselec pass();\nrollback;\n' },
};

/** What they are about. */
export const notesSql = `create table public.notes (id int generated always as identity primary key, owner uuid, body text not null);
alter table public.notes enable row level security;
create policy "owners read" on public.notes for select using (owner = (select auth.uid()));
create policy "owners write" on public.notes for insert with check (owner = (select auth.uid()));
`;

export const asFiles = (tests: Record<string, { text: string }>): Record<string, string> =>
  Object.fromEntries(Object.entries(tests).map(([name, { text }]) => [`supabase/tests/${name}`, text]));
