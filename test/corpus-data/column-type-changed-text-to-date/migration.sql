alter table public.events alter column happened type date
  using case when happened ~ '^\d{4}-\d{1,2}-\d{1,2}$' then happened::date end;
