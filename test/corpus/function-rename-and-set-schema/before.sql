create schema api;
create function public.hello() returns text language sql as $$ select 'hello' $$;
comment on function public.hello() is 'Says hello';
revoke execute on function public.hello() from public;
create function public.bye() returns text language sql as $$ select 'bye' $$;
