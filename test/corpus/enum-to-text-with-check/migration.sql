alter table public.prices alter column currency drop default;
alter table public.prices alter column currency type text;
alter table public.prices alter column currency set default 'eur';
alter table public.prices add constraint prices_currency_check check (currency in ('eur', 'usd', 'gbp'));
drop type public.currency;
