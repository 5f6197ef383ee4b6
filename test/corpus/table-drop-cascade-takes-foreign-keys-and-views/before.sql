create table public.countries (code char(2) primary key, name text not null);
create table public.cities (
  id serial primary key,
  country_code char(2) not null constraint cities_country_fk references public.countries (code),
  name text not null
);
create view public.cities_with_country as
  select c.id, c.name, k.name as country
  from public.cities c join public.countries k on k.code = c.country_code;
comment on view public.cities_with_country is 'For the search box';
grant select on public.cities_with_country to anon;
insert into public.countries values ('is', 'Iceland');
insert into public.cities (country_code, name) values ('is', 'Reykjavik');
