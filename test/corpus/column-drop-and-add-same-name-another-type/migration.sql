alter table public.accounts drop column status;
alter table public.accounts add column status smallint not null default 1;
