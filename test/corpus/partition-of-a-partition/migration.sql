create table public.ledger_2026_out partition of public.ledger_2026 for values in ('out');
create table public.ledger_2027 partition of public.ledger for values from (2027) to (2028) partition by list (lower(kind));
create table public.ledger_2027_any partition of public.ledger_2027 default;
