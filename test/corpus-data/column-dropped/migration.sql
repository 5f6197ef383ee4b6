alter table public.books drop column isbn;
