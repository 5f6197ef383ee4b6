alter table public.reservations add constraint reservations_no_overlap
  exclude using gist (room with =, during with &&) where (not cancelled);
alter table public.holidays drop constraint holidays_days_excl;
