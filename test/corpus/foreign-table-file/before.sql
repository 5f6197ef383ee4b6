create foreign data wrapper nightly_files;
create server files foreign data wrapper nightly_files;
create foreign table public.people_csv (id int options (force_not_null 'true') not null, name text default 'x')
  server files options (filename '/dev/null', format 'csv', header 'true');
comment on foreign table public.people_csv is 'Nightly export';
