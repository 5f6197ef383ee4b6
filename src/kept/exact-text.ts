/** How values are printed where they are kept as text; the same when they are kept and when they are put back. */
export const exactText =
  "set local extra_float_digits = 1; set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres'; set local timezone = 'UTC'; set local bytea_output = 'hex'; set local xmlbinary = 'base64'; set local row_security = off";

/** Back to the session's own, for the user's statements. */
export const ownText =
  'reset extra_float_digits; reset datestyle; reset intervalstyle; reset timezone; reset bytea_output; reset xmlbinary; reset row_security; reset search_path';
