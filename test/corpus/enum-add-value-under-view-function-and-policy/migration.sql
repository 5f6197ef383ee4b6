alter type public.visibility add value 'public';
