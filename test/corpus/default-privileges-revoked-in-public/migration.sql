alter default privileges in schema public revoke all on tables from anon;
alter default privileges in schema public revoke execute on functions from anon, authenticated;
alter default privileges revoke execute on functions from public;
create table public.second (id int primary key);
create function public.third() returns int language sql as 'select 3';
