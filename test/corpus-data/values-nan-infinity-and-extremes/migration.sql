alter table public.extremes drop column f, drop column r, drop column n, drop column t, drop column d, drop column b;
