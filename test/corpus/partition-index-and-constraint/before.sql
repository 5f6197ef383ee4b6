create table public.temperatures (city int not null, at date not null, celsius real) partition by range (at);
create table public.temperatures_a partition of public.temperatures for values from ('2026-01-01') to ('2026-07-01');
create table public.temperatures_b partition of public.temperatures for values from ('2026-07-01') to ('2027-01-01');
create index temperatures_city_idx on public.temperatures (city);
