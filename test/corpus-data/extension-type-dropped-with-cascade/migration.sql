drop extension citext cascade;
drop extension hstore cascade;
