drop table public.books, public.authors cascade;
