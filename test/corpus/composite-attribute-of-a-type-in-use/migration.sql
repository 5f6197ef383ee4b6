alter type public.money_amount add attribute vat numeric;
