alter table public.docs disable trigger docs_changed;
update public.docs set body = upper(body);
delete from public.docs where id = 3;
alter table public.docs enable always trigger docs_changed;
alter table public.docs drop column words;
