create type public.currency as enum ('eur', 'usd');
create table public.prices (id int primary key, currency public.currency not null default 'eur');
insert into public.prices values (1, 'usd');
