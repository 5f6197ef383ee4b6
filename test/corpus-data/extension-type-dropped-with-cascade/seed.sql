insert into public.logins values (1, 'Ada', 'a=>1, "b c"=>NULL', '2026-01-01'), (2, null, '', '2026-01-02');
