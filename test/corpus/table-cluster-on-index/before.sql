create table public.readings (sensor int not null, taken_at timestamptz not null, value real);
create index readings_sensor_idx on public.readings (sensor);
create index readings_taken_idx on public.readings (taken_at);
alter table public.readings cluster on readings_sensor_idx;
