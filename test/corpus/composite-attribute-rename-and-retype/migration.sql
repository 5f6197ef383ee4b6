alter type public.span rename attribute from_day to first_day;
alter type public.pair alter attribute b type bigint;
