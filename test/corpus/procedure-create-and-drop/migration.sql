drop procedure public.finish(int);
create procedure public.finish_all(inout n int default 0) language plpgsql as $$
begin
  update public.queue set done = true where not done;
  get diagnostics n = row_count;
end
$$;
