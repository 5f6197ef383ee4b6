create table public.visits (id int primary key, at timestamptz);
create index idx1 on public.visits (at);
comment on index public.idx1 is 'By time';
