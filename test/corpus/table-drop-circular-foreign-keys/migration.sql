alter table public.departments drop constraint departments_head_fk;
drop table public.employees;
drop table public.departments;
