drop policy "Old upload rule" on storage.objects;
create policy "Own folder only" on storage.objects for insert to authenticated
  with check (bucket_id = 'avatars' and (storage.foldername(name))[1] = auth.uid()::text);
alter policy "Avatars are public" on storage.objects using (bucket_id in ('avatars', 'logos'));
