drop materialized view public.post_scores;
