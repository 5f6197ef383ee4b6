create table public.bookings (
  id int primary key,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  guests int constraint guests_positive check (guests > 0) no inherit
);
comment on constraint guests_positive on public.bookings is 'Nobody is not a guest';
insert into public.bookings values (1, '2026-01-01', '2026-01-02', 2);
