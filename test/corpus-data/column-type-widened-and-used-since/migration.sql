alter table public.goods alter column price type numeric(8,2), alter column code type text, alter column at type timestamp;
