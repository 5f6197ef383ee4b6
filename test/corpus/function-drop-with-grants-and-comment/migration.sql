drop function public.secret_report;
