alter table public.parts
  drop column a,
  add column a2 text not null default '',
  alter column b type bigint,
  alter column b drop not null,
  alter column c set not null,
  alter column d set default current_date,
  add constraint parts_b check (b > 0);
