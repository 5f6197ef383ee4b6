create table public.texts (id int primary key, body text, code char(5), short varchar(10));
