create table public.addresses (user_id int primary key references public.users (id) on delete cascade, street text, city text);
insert into public.addresses select id, street, city from public.users;
alter table public.users drop column street, drop column city;
