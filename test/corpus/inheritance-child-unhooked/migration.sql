alter table public.bikes no inherit public.vehicles;
alter table public.cars inherit public.vehicles;
