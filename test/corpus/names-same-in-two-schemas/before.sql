create schema one;
create schema two;
create type one.state as enum ('a');
create type two.state as enum ('b');
create table one.t (id int primary key, s one.state default 'a');
create table two.t (id int primary key, s two.state default 'b', one_id int references one.t (id));
