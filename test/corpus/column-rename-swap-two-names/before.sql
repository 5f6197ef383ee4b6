create table public.points (id int primary key, lat double precision, lng double precision);
comment on column public.points.lat is 'latitude';
insert into public.points values (1, 64.1, -21.9);
