drop function public.split_name(text);
create function public.split_name(inout name text, out rest text[]) language plpgsql immutable as $$
begin
  rest := (string_to_array(name, ' '))[2:];
  name := split_part(name, ' ', 1);
end
$$;
