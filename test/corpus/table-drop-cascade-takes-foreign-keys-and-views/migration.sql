drop table public.countries cascade;
