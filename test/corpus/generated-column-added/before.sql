create table public.boxes (id int primary key, w numeric not null, h numeric not null, title text);
insert into public.boxes values (1, 2, 3, 'Hello World');
