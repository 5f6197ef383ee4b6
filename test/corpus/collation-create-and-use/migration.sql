create collation public.plain_order (provider = libc, locale = 'POSIX');
comment on collation public.plain_order is 'Byte by byte';
alter table public.files alter column path type text collate public.plain_order;
drop collation public.old_order;
