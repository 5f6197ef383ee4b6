-- Smoke test of v0.8.0: several people in one mind, each with their own rights.
-- Prints TAP without pgTAP, so both `db-test v0.8.0` and `supabase test db` run it. It leaves nothing behind.
begin;

create function pg_temp.ok(number integer, passed boolean, description text) returns text language sql as $$
  select case when passed then 'ok ' else 'not ok ' end || number || ' - ' || description
$$;

-- True when the statement fails with just this SQLSTATE. A statement that passes is undone as well.
create function pg_temp.refuses(statement text, expected_sqlstate text) returns boolean language plpgsql as $$
begin
  execute statement;
  raise exception using errcode = 'ZZ000';
exception when others then
  return sqlstate = expected_sqlstate;
end
$$;

-- How many rows the statement changed, as the present role. The change stays.
create function pg_temp.changed(statement text) returns bigint language plpgsql as $$
declare
  rows bigint;
begin
  execute statement;
  get diagnostics rows = row_count;
  return rows;
end
$$;
grant execute on function pg_temp.ok(integer, boolean, text), pg_temp.refuses(text, text), pg_temp.changed(text) to public;

select '1..21';


-- One mind, its owner, an editor, a viewer, and someone who does not belong

insert into auth.users (id, email) values
  ('a0000000-0000-4000-8000-000000000001', 'owner@example.com'),
  ('a0000000-0000-4000-8000-000000000002', 'editor@example.com'),
  ('a0000000-0000-4000-8000-000000000003', 'viewer@example.com'),
  ('a0000000-0000-4000-8000-000000000004', 'stranger@example.com');
insert into public.minds (id, owner_id, slug, title)
values ('b0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', 'garden', 'Garden');
insert into public.tags (id, mind_id, name)
values ('d0000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000001', 'soil');
insert into public.fragments (id, mind_id, author_id, title, body)
values ('c0000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000001',
        'a0000000-0000-4000-8000-000000000001', 'Compost', 'Turn it twice a month.');
insert into public.mind_members (mind_id, profile_id, role, invited_by) values
  ('b0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000002', 'editor', 'a0000000-0000-4000-8000-000000000001'),
  ('b0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000003', 'viewer', 'a0000000-0000-4000-8000-000000000001');


-- The owner still owns

set local request.jwt.claims to '{"sub": "a0000000-0000-4000-8000-000000000001", "role": "authenticated"}';
set local role authenticated;

select pg_temp.ok(1, (select my_role = 'owner' and member_count = 2 from public.mind_overview
                      where id = 'b0000000-0000-4000-8000-000000000001'),
                  'the owner sees the mind as its owner, with its members');
select pg_temp.ok(2, pg_temp.refuses('select share_code from public.minds', '42703'),
                  'the share code is gone');


-- An editor reads and writes

set local request.jwt.claims to '{"sub": "a0000000-0000-4000-8000-000000000002", "role": "authenticated"}';

select pg_temp.ok(3, pg_temp.changed($$update public.fragments set body = 'Turn it once a week.'
                                       where id = 'c0000000-0000-4000-8000-000000000001'$$) = 1,
                  'an editor changes a fragment of the shared mind');
select pg_temp.ok(4, (select last_edited_by = 'a0000000-0000-4000-8000-000000000002'
                             and author_id = 'a0000000-0000-4000-8000-000000000001' from public.fragments
                      where id = 'c0000000-0000-4000-8000-000000000001'),
                  'the fragment says who edited it, and keeps its author');
select pg_temp.ok(5, (select array_agg(action order by id) = array['added', 'edited']
                             and (array_agg(actor_id order by id))[2] = 'a0000000-0000-4000-8000-000000000002'
                      from public.mind_activity where mind_id = 'b0000000-0000-4000-8000-000000000001'),
                  'the mind''s activity names who did what');
insert into public.fragments (id, mind_id, body)
values ('c0000000-0000-4000-8000-000000000002', 'b0000000-0000-4000-8000-000000000001', 'A pond for the frogs.');
insert into public.fragment_tags (fragment_id, tag_id)
values ('c0000000-0000-4000-8000-000000000002', 'd0000000-0000-4000-8000-000000000001');
select pg_temp.ok(6, (select fragment_count = 2 and last_activity_at = now() from public.minds
                      where id = 'b0000000-0000-4000-8000-000000000001'),
                  'an editor adds and tags a fragment, and the mind counts it');
select pg_temp.ok(7, pg_temp.changed($$update public.minds set title = 'Taken over'$$) = 0
                  and pg_temp.changed('delete from public.minds') = 0,
                  'an editor neither renames nor deletes the mind');
select pg_temp.ok(8, public.claim_fragment('c0000000-0000-4000-8000-000000000001')
                  and public.claim_fragment('c0000000-0000-4000-8000-000000000001', 30),
                  'an editor takes the lock on a fragment, and renews it');


-- The lock holds against the owner too, until it expires

set local request.jwt.claims to '{"sub": "a0000000-0000-4000-8000-000000000001", "role": "authenticated"}';
select pg_temp.ok(9, not public.claim_fragment('c0000000-0000-4000-8000-000000000001'),
                  'a lock that someone holds cannot be taken');
reset role;
update public.fragment_locks set created_at = now() - interval '2 hours', expires_at = now() - interval '90 minutes';
set local role authenticated;
select pg_temp.ok(10, public.claim_fragment('c0000000-0000-4000-8000-000000000001'),
                   'a lock that has expired can be taken');


-- A viewer reads, suggests, and writes nothing

set local request.jwt.claims to '{"sub": "a0000000-0000-4000-8000-000000000003", "role": "authenticated"}';

select pg_temp.ok(11, (select count(*) = 2 from public.fragments) and (select my_role = 'viewer' from public.mind_overview)
                  and (select count(*) = 3 from public.fragment_revisions) and (select count(*) = 2 from public.mind_members)
                  and (select count(*) = 1 from public.fragment_tags join public.tags on tags.id = tag_id where name = 'soil'),
                   'a viewer reads the shared mind, its fragments, revisions, tags and members');
select pg_temp.ok(12, pg_temp.refuses(
  $$insert into public.fragments (mind_id, body) values ('b0000000-0000-4000-8000-000000000001', 'Slipped in')$$, '42501'),
                   'a viewer adds no fragment');
select pg_temp.ok(13, pg_temp.changed($$update public.fragments set body = 'Mine now'$$) = 0
                  and pg_temp.changed('delete from public.fragments') = 0
                  and pg_temp.changed('delete from public.tags') = 0
                  and pg_temp.changed('delete from public.fragment_tags') = 0,
                   'a viewer changes and deletes nothing');
select pg_temp.ok(14, pg_temp.refuses($$select public.claim_fragment('c0000000-0000-4000-8000-000000000002')$$, '42501'),
                   'a viewer takes no lock');
select pg_temp.ok(15, pg_temp.refuses($$update public.mind_members set role = 'editor'$$, '42501')
                  and pg_temp.refuses($$insert into public.mind_members (mind_id, profile_id, role) values
    ('b0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000004', 'viewer')$$, '42501'),
                   'a viewer can neither rise to editor nor bring others in');
select pg_temp.ok(16, pg_temp.changed($$insert into public.fragment_suggestions (fragment_id, body)
    values ('c0000000-0000-4000-8000-000000000001', 'Turn it when it is warm.')$$) = 1
                  and pg_temp.changed($$update public.fragment_suggestions
    set state = 'taken', decided_by = 'a0000000-0000-4000-8000-000000000003'$$) = 0,
                   'a viewer suggests a change, and does not decide on it');
select pg_temp.ok(17, pg_temp.changed($$delete from public.mind_members
    where profile_id <> 'a0000000-0000-4000-8000-000000000003'$$) = 0
                  and pg_temp.changed($$delete from public.mind_members
    where profile_id = 'a0000000-0000-4000-8000-000000000003'$$) = 1,
                   'a viewer removes nobody else, and may leave');
select pg_temp.ok(18, (select count(*) = 0 from public.fragments) and (select count(*) = 0 from public.minds),
                   'someone who has left reads nothing any more');


-- A stranger and the public see nothing of it

set local request.jwt.claims to '{"sub": "a0000000-0000-4000-8000-000000000004", "role": "authenticated"}';
select pg_temp.ok(19, (select count(*) = 0 from public.minds) and (select count(*) = 0 from public.fragments)
                  and (select count(*) = 0 from public.mind_members) and (select count(*) = 0 from public.mind_activity)
                  and (select count(*) = 0 from public.fragment_suggestions) and (select count(*) = 0 from public.fragment_locks),
                   'a stranger reads nothing of a shared mind');

set local request.jwt.claims to '{"role": "anon"}';
set local role anon;
select pg_temp.ok(20, pg_temp.refuses('select * from public.mind_overview', '42501')
                  and pg_temp.refuses('select * from public.mind_members', '42501')
                  and pg_temp.refuses($$select * from private.reachable_minds('viewer')$$, '42501'),
                   'the public reads neither minds nor members');


-- Constraints and reference data

reset role;
select pg_temp.ok(21, pg_temp.refuses(
  $$insert into public.invitations (inviter_id, email, code_hash, mind_id)
    values ('a0000000-0000-4000-8000-000000000001', 'new@example.com', decode(repeat('ab', 32), 'hex'),
            'b0000000-0000-4000-8000-000000000001')$$, '23514')
                  and not exists (select from public.feature_flags where key = 'collaboration' and not enabled)
                  and not exists (select from public.plans where key = 'free' and max_members is distinct from 0),
                   'an invitation to a mind names a role, collaboration is on, and the free plan has no members');

rollback;
