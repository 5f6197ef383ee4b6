drop type public.severity;
