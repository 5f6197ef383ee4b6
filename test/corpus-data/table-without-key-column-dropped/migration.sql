alter table public.log drop column note, drop column weight;
