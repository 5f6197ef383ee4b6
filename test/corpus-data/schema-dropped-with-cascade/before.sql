create schema shop;
create type shop.state as enum ('new', 'paid');
create table shop.orders (id serial primary key, state shop.state not null default 'new', total numeric);
create table shop.lines (order_id int references shop.orders (id), no int, text text, primary key (order_id, no));
create table public.people (id int primary key, last_order int references shop.orders (id), mood shop.state);
