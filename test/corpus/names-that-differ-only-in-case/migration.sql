alter table public.account drop column "Name";
drop table public."Account";
create table public."ACCOUNT" (id int primary key);
