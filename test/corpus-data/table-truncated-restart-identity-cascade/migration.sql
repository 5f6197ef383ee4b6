truncate public.queue restart identity cascade;
