create table public.parcels (
  id int primary key,
  size varchar(2) check (size in ('s', 'm', 'l')),
  code char(3) check (code = any (array['aaa', 'bbb']))
);
create view public.small_parcels as select id from public.parcels where size in ('s', 'm');
