create function public.short_id() returns text language sql volatile as $$ select substr(md5(random()::text), 1, 8) $$;
create table public.links (id text primary key default public.short_id(), url text not null);
