create table public.labels (id int primary key, code varchar(10) not null, ts timestamp(3));
