create table public.sensors (id int primary key, area text);
create materialized view public.sensor_areas as select distinct area from public.sensors;
create view public.area_count as select count(*) from public.sensor_areas;
