alter function public.hello() rename to greet;
alter function public.bye() set schema api;
