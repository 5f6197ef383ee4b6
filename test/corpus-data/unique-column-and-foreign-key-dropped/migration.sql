alter table public.cities add column country_id int references public.countries (id);
update public.cities c set country_id = k.id from public.countries k where k.code = c.country_code;
alter table public.cities drop column country_code;
alter table public.countries drop column code;
