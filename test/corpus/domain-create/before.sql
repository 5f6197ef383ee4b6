create table public.shops (id int primary key, email text);
insert into public.shops values (1, 'shop@example.com');
