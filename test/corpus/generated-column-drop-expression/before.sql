create table public.fees (id int primary key, net numeric, gross numeric generated always as (net * 1.19) stored);
insert into public.fees (id, net) values (1, 100);
