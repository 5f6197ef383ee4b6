create table public.audit (at timestamptz not null, what text) partition by range (at);
create table public.audit_old partition of public.audit for values from (minvalue) to ('2026-01-01');
create table public.audit_new partition of public.audit for values from ('2026-01-01') to (maxvalue);
create index audit_at_idx on public.audit (at);
alter table public.audit_old add constraint audit_old_what check (what <> '');
comment on table public.audit_old is 'Before the move';
insert into public.audit values ('2025-01-01', 'login');
