create table public.settings (name text, value text);
insert into public.settings values ('a', '1'), ('a', '1'), ('b', '2'), ('none', null);
create table public.totals as select count(*) as rows from public.base;
update public.base set v = upper(v);
