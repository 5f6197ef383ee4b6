alter table two.t drop column s;
drop type two.state;
alter table two.t add column s one.state not null default 'a';
