create table public.votes (id int primary key, post_id int not null, value smallint not null);
insert into public.votes values (1, 1, 1), (2, 1, -1), (3, 2, 1);
create materialized view public.post_scores as select post_id, sum(value) as score from public.votes group by post_id;
create unique index post_scores_post_idx on public.post_scores (post_id);
create index post_scores_score_idx on public.post_scores (score desc);
comment on materialized view public.post_scores is 'Refreshed every hour';
revoke all on public.post_scores from anon;
