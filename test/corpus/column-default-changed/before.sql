create table public.jobs (
  id int primary key,
  state text default 'queued',
  attempts int default 0,
  run_at timestamptz
);
