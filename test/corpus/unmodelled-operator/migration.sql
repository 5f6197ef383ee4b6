drop operator public.=~= (text, text);
