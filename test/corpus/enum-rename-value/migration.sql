alter type public.plan rename value 'pro' to 'business';
