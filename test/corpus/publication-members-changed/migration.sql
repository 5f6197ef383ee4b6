alter publication pub drop table public.b;
alter publication pub add table public.c where (z is not null);
alter publication pub set (publish = 'insert');
