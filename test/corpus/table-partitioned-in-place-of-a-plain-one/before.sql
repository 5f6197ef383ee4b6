create table public.measure (id bigint primary key, at timestamptz not null, value numeric);
create index measure_at_idx on public.measure (at);
insert into public.measure values (1, '2026-01-05', 3);
