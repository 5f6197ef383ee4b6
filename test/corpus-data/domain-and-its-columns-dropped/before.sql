create domain public.grade as int check (value between 1 and 6);
create table public.exams (id int primary key, grade public.grade, best public.grade[], who text);
