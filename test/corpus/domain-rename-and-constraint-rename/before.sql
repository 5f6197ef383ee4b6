create domain public.slug as text constraint slug_form check (value ~ '^[a-z-]+$');
create table public.pages (id int primary key, slug public.slug unique);
