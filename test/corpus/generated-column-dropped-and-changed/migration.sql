alter table public.names drop column initials;
alter table public.names drop column full_name;
alter table public.names add column full_name text generated always as (last || ', ' || first) stored;
