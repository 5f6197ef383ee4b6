update public.members set name = 'B2' where email = 'b@example.com';
delete from public.members where email = 'c@example.com';
