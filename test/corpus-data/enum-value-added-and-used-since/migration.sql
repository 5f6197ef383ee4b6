alter type public.kind add value 'fish';
