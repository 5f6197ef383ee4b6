update public.items set id = id + 100;
