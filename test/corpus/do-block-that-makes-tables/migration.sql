do $$
declare
  region text;
begin
  foreach region in array array['eu', 'us'] loop
    execute format('create table public.stats_%I (day date primary key, hits bigint not null default 0)', region);
    execute format('alter table public.stats_%I enable row level security', region);
  end loop;
end
$$;
