insert into public.t values (4,'c@x',40);
update public.t set age = 31 where id = 3;
