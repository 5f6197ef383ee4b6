create policy "Avatars are public" on storage.objects for select using (bucket_id = 'avatars');
create policy "Old upload rule" on storage.objects for insert to authenticated with check (bucket_id = 'avatars');
