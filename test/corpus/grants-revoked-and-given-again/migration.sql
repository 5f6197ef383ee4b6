revoke all on public.board from anon;
grant all on public.board to anon;
revoke delete on public.board_notes from anon;
