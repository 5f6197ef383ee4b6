create table public.events (id int not null, day date not null, what text, primary key (id, day));
