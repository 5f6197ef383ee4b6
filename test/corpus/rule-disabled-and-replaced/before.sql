create table public.inbox (id int primary key, spam boolean);
create table public.inbox_log (id int, at timestamptz default now());
create rule inbox_log as on insert to public.inbox do also insert into public.inbox_log (id) values (new.id);
create rule inbox_protect as on delete to public.inbox where not old.spam do instead nothing;
