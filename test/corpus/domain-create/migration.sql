create domain public.email as text collate "C" check (value ~ '^[^@]+@[^@]+$');
comment on domain public.email is 'Good enough to write to';
alter table public.shops alter column email type public.email;
