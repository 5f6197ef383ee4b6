create table public.ledger (id int not null, year int not null, kind text not null) partition by range (year);
create table public.ledger_2026 partition of public.ledger for values from (2026) to (2027) partition by list (kind);
create table public.ledger_2026_in partition of public.ledger_2026 for values in ('in');
