alter table public.bookings add constraint bookings_order check (ends_at > starts_at);
alter table public.bookings drop constraint guests_positive;
