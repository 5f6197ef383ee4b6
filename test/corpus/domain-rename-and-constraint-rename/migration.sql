alter domain public.slug rename constraint slug_form to url_slug_form;
alter domain public.slug rename to url_slug;
