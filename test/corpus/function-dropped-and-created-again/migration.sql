drop function public.admin_only();
create function public.admin_only() returns int language sql as 'select 1';
