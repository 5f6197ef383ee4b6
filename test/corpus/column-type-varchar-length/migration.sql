alter table public.labels alter column code type varchar(64);
alter table public.labels alter column ts type timestamptz(6) using ts at time zone 'UTC';
