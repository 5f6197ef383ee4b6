alter table public.fees alter column gross drop expression;
