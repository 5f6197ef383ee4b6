alter policy "Authors see their own posts" on public.posts to anon, authenticated using (published or author = (select auth.uid()));
alter policy "Authors write" on public.posts with check (author = auth.uid() and not published);
drop policy old_one on public.posts;
create policy "Authors change" on public.posts for update to authenticated using (author = auth.uid()) with check (author = auth.uid());
