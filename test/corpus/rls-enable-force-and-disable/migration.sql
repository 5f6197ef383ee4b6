alter table public.open_one enable row level security;
alter table public.open_one force row level security;
alter table public.closed_one no force row level security;
alter table public.closed_one disable row level security;
