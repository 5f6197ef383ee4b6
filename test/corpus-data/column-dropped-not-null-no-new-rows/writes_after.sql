update public.tickets set subject = 'b!' where id = 2;
delete from public.tickets where id = 3;
