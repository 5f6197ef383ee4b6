create table public.regions (code text primary key);
insert into public.regions values ('eu'), ('us');
