alter type public.size add value 'xs' before 's';
alter type public.size add value if not exists 'ml' after 'm';
