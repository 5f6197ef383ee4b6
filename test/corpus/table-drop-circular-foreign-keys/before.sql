create table public.departments (id int primary key, head_id int);
create table public.employees (
  id int primary key,
  department_id int not null references public.departments (id),
  manager_id int references public.employees (id)
);
alter table public.departments
  add constraint departments_head_fk foreign key (head_id) references public.employees (id)
  deferrable initially deferred;
