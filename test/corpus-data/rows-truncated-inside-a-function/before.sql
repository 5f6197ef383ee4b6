create table public.queue (id int primary key, job text);
create table public.sessions (id int primary key, token text);
create function public.clean() returns void language plpgsql as $$ begin execute format('truncate table %I.%I', 'public', 'queue'); end $$;
