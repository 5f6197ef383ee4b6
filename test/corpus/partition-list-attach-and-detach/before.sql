create table public.sales (id int not null, region text not null, amount numeric, primary key (id, region)) partition by list (region);
create table public.sales_eu partition of public.sales for values in ('de', 'fr');
create table public.sales_us (id int not null, region text not null, amount numeric, primary key (id, region));
insert into public.sales values (1, 'de', 10);
