alter table public.words alter column word type text collate "POSIX";
alter table public.words alter column sort_key type text;
