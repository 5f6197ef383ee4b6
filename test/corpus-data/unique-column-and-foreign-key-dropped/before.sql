create table public.countries (id int primary key, code char(2) not null unique);
create table public.cities (id int primary key, country_code char(2) references public.countries (code), name text);
