drop function public.normalize_email(text) cascade;
