create function public.same_text(a text, b text) returns boolean language sql immutable as $$ select lower(a) = lower(b) $$;
create operator public.=~= (leftarg = text, rightarg = text, function = public.same_text, commutator = operator(public.=~=));
