alter table public.accounts drop column nickname;
alter table public.accounts add column nickname text default 'none';
