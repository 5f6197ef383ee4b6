drop type public.address cascade;
