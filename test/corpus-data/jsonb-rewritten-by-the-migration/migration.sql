update public.profiles set data = (data - 'old') || jsonb_build_object('new', data -> 'old') where data ? 'old';
