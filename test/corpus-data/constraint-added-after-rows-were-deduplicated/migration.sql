delete from public.t a using public.t b where a.email = b.email and a.id > b.id;
update public.t set age = null where age < 0;
alter table public.t add constraint t_email unique (email);
alter table public.t add constraint t_age check (age >= 0);
