create table public.labels (id int primary key, text varchar(40) not null);
