update public.settings set value = 'xxl' where key = 'size';
update public.settings set touched = 9 where key = 'colour';
