update public.shown set title = upper(title);
update public.log_view set line = line || '!';
