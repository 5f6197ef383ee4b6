alter policy p1 on public.hotels rename to "Anyone may look";
