drop schema private cascade;
