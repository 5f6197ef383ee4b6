alter table public.imports alter column happened drop default;
alter table public.imports
  alter column amount type numeric(10, 2) using nullif(trim(amount), '')::numeric,
  alter column happened type date using happened::date,
  alter column happened set default current_date;
