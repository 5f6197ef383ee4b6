alter view public.my_letters set (security_invoker = true, security_barrier = false);
create or replace view public.short_letters as select * from public.letters where char_length(body) < 10 with cascaded check option;
