create cast (numeric as public.temperature) with function public.to_temperature(numeric) as assignment;
