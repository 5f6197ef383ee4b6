update public.totals set amount = 2 where name = 'other';
