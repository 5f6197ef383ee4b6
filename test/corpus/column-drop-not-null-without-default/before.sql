create table public.tickets (id int primary key, subject text not null, priority smallint not null);
insert into public.tickets values (1, 'Broken', 2);
