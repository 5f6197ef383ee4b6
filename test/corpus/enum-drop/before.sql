create type public.severity as enum ('low', 'high');
comment on type public.severity is 'Of an alert';
revoke usage on type public.severity from public;
grant usage on type public.severity to authenticated;
