create table public.gaps (id int primary key, junk int, w int, v text, more text, n int);
create table public.goes (junk int, v text, id int primary key);
create table public.plain (junk int, a int, b text);
alter table public.gaps drop column junk, drop column more;
alter table public.goes drop column junk;
alter table public.plain drop column junk;
