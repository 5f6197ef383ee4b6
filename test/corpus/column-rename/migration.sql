alter table public.people rename column fullname to display_name;
