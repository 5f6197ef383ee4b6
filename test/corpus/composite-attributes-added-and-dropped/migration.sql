alter type public.dimensions add attribute depth numeric;
alter type public.dimensions drop attribute unit;
