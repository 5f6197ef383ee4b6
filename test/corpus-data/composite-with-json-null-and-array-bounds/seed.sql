insert into public.t values (1, row('null'::jsonb, '[0:2]={1,2,3}')::public.m), (2, row('{}', '{}')::public.m), (3, null);
