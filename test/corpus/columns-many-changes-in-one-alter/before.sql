create table public.parts (
  id int primary key,
  a text,
  b int not null default 1,
  c varchar(5),
  d date
);
insert into public.parts values (1, 'x', 2, 'y', '2026-01-01');
