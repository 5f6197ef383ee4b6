create table public.likes (
  post_id int not null,
  user_id uuid not null constraint likes_user_fk references auth.users (id) on delete cascade,
  primary key (post_id, user_id)
);
