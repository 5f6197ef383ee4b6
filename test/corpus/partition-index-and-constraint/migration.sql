alter table public.temperatures add constraint temperatures_pkey primary key (city, at);
drop index public.temperatures_city_idx;
create index temperatures_celsius_idx on only public.temperatures (celsius);
create index temperatures_a_celsius_idx on public.temperatures_a (celsius);
alter index public.temperatures_celsius_idx attach partition public.temperatures_a_celsius_idx;
