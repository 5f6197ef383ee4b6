update public.flags set is_on = false where id = 1;
