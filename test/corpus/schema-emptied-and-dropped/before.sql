create schema app;
comment on schema app is 'Of the first version';
grant usage on schema app to authenticated;
create type app.state as enum ('open', 'done');
create table app.notes (id bigint generated always as identity primary key, state app.state not null default 'open', body text);
create index notes_state_idx on app.notes (state);
insert into app.notes (body) values ('keep me');
