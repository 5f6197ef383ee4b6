create type public.size as enum ('s', 'm', 'l');
create table public.shirts (id int primary key, size public.size, sizes public.size[] default '{s,m}');
comment on type public.size is 'As printed on the label';
grant usage on type public.size to anon;
