alter type public.mood add value 'ecstatic';
