update public.flags set is_on = not is_on;
update public.flags set n = n + 1 where id = 3;
update public.flags set is_on = not is_on;
update public.flags set n = n + 1 where id = 3;
