create table public.tokens (
  id uuid primary key default extensions.gen_random_uuid(),
  code text not null default encode(extensions.gen_random_bytes(8), 'hex')
);
