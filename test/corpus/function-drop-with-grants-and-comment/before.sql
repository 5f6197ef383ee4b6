create function public.secret_report(since date default '2026-01-01', variadic kinds text[] default '{}')
returns table (day date, n bigint)
language sql stable security definer cost 500 rows 30 set search_path = '' set statement_timeout = '5s'
as $$ select since, cardinality(kinds)::bigint $$;
comment on function public.secret_report is 'For the board';
revoke execute on function public.secret_report from public, anon, authenticated;
grant execute on function public.secret_report to service_role;
