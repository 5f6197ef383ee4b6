update public.scores set points = points * 2;
