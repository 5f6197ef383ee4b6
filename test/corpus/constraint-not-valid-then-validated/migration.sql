alter table public.workers validate constraint workers_age;
alter table public.workers validate constraint workers_firm_fk;
