create table public.payments (id int primary key, amount_cents integer not null default 0);
insert into public.payments values (1, 1250);
