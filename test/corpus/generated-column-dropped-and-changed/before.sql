create table public.names (
  id int primary key,
  first text,
  last text,
  full_name text generated always as (first || ' ' || last) stored,
  initials text generated always as (left(first, 1) || left(last, 1)) stored
);
create index names_full_idx on public.names (full_name);
