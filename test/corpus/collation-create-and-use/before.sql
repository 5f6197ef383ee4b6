create table public.files (id int primary key, path text);
create collation public.old_order (provider = libc, locale = 'C');
