create table public.words (id int primary key, word text not null, sort_key text collate "C");
create index words_word_idx on public.words (word);
