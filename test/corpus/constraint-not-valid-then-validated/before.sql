create table public.firms (id int primary key);
create table public.workers (id int primary key, firm_id int, age int);
alter table public.workers add constraint workers_age check (age >= 16) not valid;
alter table public.workers add constraint workers_firm_fk foreign key (firm_id) references public.firms (id) not valid;
