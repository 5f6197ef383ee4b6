select public.interest();
