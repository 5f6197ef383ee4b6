update public.teams set id = id + 1000;
update public.steps set position = position - 1;
