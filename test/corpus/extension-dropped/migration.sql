alter table public.props drop column extra;
drop extension hstore;
