alter table public.deliveries drop constraint deliveries_state_check;
alter table public.deliveries add constraint deliveries_state_check
  check (state in ('packed', 'sent', 'here', 'returned'));
