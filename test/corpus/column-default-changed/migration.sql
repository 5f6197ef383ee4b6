alter table public.jobs
  alter column state set default 'ready',
  alter column attempts drop default,
  alter column run_at set default now() + interval '1 hour';
