create table public.board (id int primary key);
create table public.board_notes (id int primary key);
