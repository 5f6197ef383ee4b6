create function public.member_list() returns table (id int, name text) language sql stable as $$ values (1, 'a') $$;
revoke execute on function public.member_list() from public;
create view public.members_view as select id from public.member_list();
