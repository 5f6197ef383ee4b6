drop index public.messages_room_idx;
create index messages_room_idx on public.messages (room, sent_at desc);
