alter table public.measure rename to measure_plain;
alter index public.measure_pkey rename to measure_plain_pkey;
alter index public.measure_at_idx rename to measure_plain_at_idx;
create table public.measure (id bigint not null, at timestamptz not null, value numeric, primary key (id, at)) partition by range (at);
create table public.measure_2026 partition of public.measure for values from ('2026-01-01') to ('2027-01-01');
create table public.measure_rest partition of public.measure default;
create index measure_at_idx on public.measure (at);
insert into public.measure select * from public.measure_plain;
drop table public.measure_plain;
