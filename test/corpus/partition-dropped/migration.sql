drop table public.audit_old;
