update public.t set pos = -pos;
update public.t set pos = 4 + pos;
