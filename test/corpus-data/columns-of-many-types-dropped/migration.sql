alter table public.samples
  drop column tags, drop column grid, drop column doc, drop column raw, drop column net, drop column span,
  drop column spans, drop column pause, drop column bits, drop column word, drop column price, drop column spot;
