create table public.contacts (id int primary key, email text, phone text not null);
insert into public.contacts values (1, 'a@example.com', '1');
