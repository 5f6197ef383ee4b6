create table public.boxes (id int primary key, w int, h int, area int generated always as (w * h) stored, label text);
