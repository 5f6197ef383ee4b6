with gone as (delete from public.live where old returning id, body)
insert into public.archive select id, body from gone;
