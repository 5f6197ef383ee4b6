drop table public.group_members cascade;
