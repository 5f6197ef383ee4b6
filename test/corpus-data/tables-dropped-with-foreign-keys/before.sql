create table public.authors (id serial primary key, name text not null);
create table public.books (id serial primary key, author_id int not null references public.authors (id), title text not null);
create table public.loans (id int primary key, book_id int references public.books (id) on delete set null, who text);
