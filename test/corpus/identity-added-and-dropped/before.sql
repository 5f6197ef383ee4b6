create table public.lamps (id int generated always as identity (minvalue 10 start 10) primary key);
create table public.switches (id bigint not null, constraint switches_pkey primary key (id));
insert into public.lamps default values;
