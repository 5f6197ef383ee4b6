alter table public.tokens alter column code drop default;
alter table public.tokens alter column id set default extensions.uuid_generate_v4();
