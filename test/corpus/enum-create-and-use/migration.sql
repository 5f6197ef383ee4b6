create type public.task_state as enum ('open', 'doing', 'done');
alter table public.tasks alter column state drop default;
alter table public.tasks alter column state type public.task_state using state::public.task_state;
alter table public.tasks alter column state set default 'open';
