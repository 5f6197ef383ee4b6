drop materialized view public.sensor_areas cascade;
create materialized view public.sensor_areas as select area, count(*) as sensors from public.sensors group by area with no data;
create unique index on public.sensor_areas (area);
