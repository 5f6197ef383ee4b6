drop table if exists public.never_was;
drop table if exists public.old_feature;
drop function if exists public.neither(int);
do $$ begin
  create type public.colour as enum ('red');
exception when duplicate_object then null;
end $$;
create table if not exists public.new_feature (id int primary key, colour public.colour);
alter table public.new_feature add column if not exists colour public.colour;
