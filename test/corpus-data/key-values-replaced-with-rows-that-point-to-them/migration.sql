update public.teams set id = id + 1000;
