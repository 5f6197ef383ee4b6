drop view public.members_view;
drop function public.member_list();
create function public.member_list() returns table (id int, name text, email text) language sql stable as $$ values (1, 'a', 'a@example.com') $$;
create view public.members_view as select id, email from public.member_list();
