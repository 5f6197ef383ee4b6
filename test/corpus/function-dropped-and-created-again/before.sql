create function public.admin_only() returns int language sql as 'select 1';
revoke execute on function public.admin_only() from public, anon, authenticated;
