create table public.books (id int primary key, title text not null, isbn varchar(13) default '0000000000000');
insert into public.books values (1, 'A'), (2, 'B');
