create table public.tickets (id int primary key, priority smallint not null, subject text not null);
