create table public.messages (id int primary key, room int not null, sent_at timestamptz not null, body text);
create index messages_room_idx on public.messages (room);
