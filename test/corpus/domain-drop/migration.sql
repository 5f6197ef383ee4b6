alter table public.grades alter column score type numeric;
drop domain public.percentage;
