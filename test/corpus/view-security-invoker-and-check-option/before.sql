create table public.letters (id int primary key, owner uuid, body text);
create view public.my_letters with (security_barrier) as select * from public.letters where owner = auth.uid();
create view public.short_letters as select * from public.letters where char_length(body) < 10 with local check option;
