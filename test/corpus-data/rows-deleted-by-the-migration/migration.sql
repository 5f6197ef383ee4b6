delete from public.tokens where expired;
