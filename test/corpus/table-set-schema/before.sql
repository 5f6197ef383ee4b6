create schema archive;
create table public.invoices (
  id serial primary key,
  amount numeric(10, 2) not null,
  paid boolean default false
);
create index invoices_unpaid_idx on public.invoices (id) where not paid;
insert into public.invoices (amount) values (10), (20);
