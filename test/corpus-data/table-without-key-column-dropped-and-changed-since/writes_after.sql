update public.log set at = 'two' where at = '2';
delete from public.log where at = '3';
