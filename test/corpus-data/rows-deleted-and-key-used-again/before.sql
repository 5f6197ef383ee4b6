create table public.seats (no int primary key, guest text not null);
