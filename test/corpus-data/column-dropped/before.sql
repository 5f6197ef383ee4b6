create table public.books (id int primary key, title text not null, isbn text, pages int);
