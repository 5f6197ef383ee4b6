update public.users set email = lower(email);
