alter table public.links alter column id drop default;
drop function public.short_id();
