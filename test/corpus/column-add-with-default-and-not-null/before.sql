create table public.users_settings (user_id uuid primary key, theme text);
insert into public.users_settings values ('00000000-0000-0000-0000-000000000001', 'dark');
