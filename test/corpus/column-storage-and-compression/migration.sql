alter table public.pages alter column html set storage external;
alter table public.pages alter column summary set storage extended;
alter table public.pages alter column raw set compression default;
