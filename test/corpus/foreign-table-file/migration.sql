drop foreign table public.people_csv;
create foreign table public.cities_csv (name text collate "C", constraint name_given check (name <> ''))
  server files options (filename '/dev/null', format 'csv', delimiter ';');
revoke all on public.cities_csv from anon;
