create type public.plan as enum ('free', 'pro', 'enterprise');
create table public.subscriptions (id int primary key, plan public.plan not null default 'pro');
insert into public.subscriptions values (1, 'pro');
