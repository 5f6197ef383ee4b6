alter table public.events rename to events_old;
alter table public.events_old rename constraint events_pkey to events_old_pkey;
create table public.events (id int not null, day date not null, what text, primary key (id, day)) partition by range (day);
create table public.events_2025 partition of public.events for values from ('2025-01-01') to ('2026-01-01');
create table public.events_2026 partition of public.events for values from ('2026-01-01') to ('2027-01-01');
insert into public.events select * from public.events_old;
drop table public.events_old;
