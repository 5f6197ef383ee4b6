update public.orders set channel = 'web' where channel is null;
alter table public.orders alter column channel set not null;
