create table public.deliveries (
  id int primary key,
  state varchar(20) not null default 'packed',
  constraint deliveries_state_check check (state in ('packed', 'sent', 'here'))
);
insert into public.deliveries values (1, 'sent');
