alter type app.state set schema public;
alter type public.state rename to note_state;
alter table app.notes set schema public;
drop schema app;
