update public.gaps set n = n + 1;
alter table public.gaps drop column v;
drop table public.goes;
update public.plain set b = upper(b);
create table public.made (id int primary key, v text);
insert into public.made values (1, 'one'), (2, 'two');
