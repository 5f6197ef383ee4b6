alter function public.lookup(text) stable strict parallel restricted cost 5 set search_path = '';
alter function public.whoami() security invoker reset all;
