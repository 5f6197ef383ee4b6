alter table public.exams drop column grade, drop column best;
drop domain public.grade;
