create table public.ticket_statuses (
  code text primary key check (code ~ '^[a-z_]+$'),
  label text not null,
  is_final boolean not null default false,
  sort_order smallint not null unique
);
comment on table public.ticket_statuses is 'What a ticket can be; replaces the enum';
insert into public.ticket_statuses (code, label, is_final, sort_order) values
  ('open', 'Open', false, 1),
  ('waiting', 'Waiting for an answer', false, 2),
  ('closed', 'Closed', true, 3);
alter table public.ticket_statuses enable row level security;
create policy "Statuses are public" on public.ticket_statuses for select using (true);
revoke insert, update, delete, truncate on public.ticket_statuses from anon, authenticated;

drop view public.ticket_board;
drop policy "Open tickets are visible" on public.tickets;
drop index public.tickets_open_idx;
drop function public.close_ticket(bigint);
alter table public.tickets drop constraint closed_has_time;

alter table public.tickets alter column status drop default;
alter table public.tickets alter column status type text using status::text;
alter table public.tickets alter column status set default 'open';
alter table public.tickets add constraint tickets_status_fkey
  foreign key (status) references public.ticket_statuses (code) on update cascade;
drop type public.ticket_status;

create index tickets_status_idx on public.tickets (status, opened_at);
create policy "Unfinished tickets are visible" on public.tickets for select to authenticated using (
  not exists (select 1 from public.ticket_statuses s where s.code = tickets.status and s.is_final)
);
create view public.ticket_board as
  select s.code as status, s.label, count(t.id) as n
  from public.ticket_statuses s left join public.tickets t on t.status = s.code
  group by s.code, s.label, s.sort_order;
create function public.close_ticket(ticket bigint) returns text language plpgsql security definer set search_path = '' as $$
begin
  update public.tickets set status = 'closed', closed_at = now() where id = ticket;
  return 'closed';
end
$$;
revoke execute on function public.close_ticket(bigint) from public, anon;
