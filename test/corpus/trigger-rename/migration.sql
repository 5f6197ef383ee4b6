alter trigger t1 on public.seats rename to seats_check;
