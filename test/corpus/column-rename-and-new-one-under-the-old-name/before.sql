create table public.profiles (id int primary key, name text not null);
insert into public.profiles values (1, 'Ada Lovelace');
