create table public.stock (sku text primary key, amount int not null);
create table public.delivery (sku text primary key, amount int not null);
