/** A text that looks like a secret: what it seems to be, and as much of it as may be shown. */
export interface SecretText {
  kind: string;
  /** The first four characters of a long one; of a short one nothing. Never the whole. */
  masked: string;
}

interface Kind {
  kind: string;
  /** Its group `secret` is the secret itself; without one the whole match is. */
  pattern: RegExp;
  /** Whether what was found counts; some carry a right that everyone may have. */
  counts?: (secret: string) => boolean;
  /** Another name for some of them. */
  named?: (secret: string) => string;
}

/** What looks like a secret in a text of SQL, each place once, in its order. What is meant for everyone (an anon or publishable key) and stand-ins (`<token>`, `[YOUR-PASSWORD]`) are none. */
export function secretTexts(sql: string, kinds: Kind[] = anywhere): SecretText[] {
  const found: { start: number; end: number; kind: string; secret: string }[] = [];
  for (const { kind, pattern, counts, named } of kinds) {
    for (const match of sql.matchAll(pattern)) {
      const secret = match.groups?.secret ?? match[0];
      const start = match.index + match[0].lastIndexOf(secret);
      const end = start + secret.length;
      if (isStandIn(secret) || (counts && !counts(secret))) continue;
      if (found.some((other) => start < other.end && other.start < end)) continue;
      found.push({ start, end, kind: named?.(secret) ?? kind, secret });
    }
  }
  return found.sort((a, b) => a.start - b.start).map(({ kind, secret }) => ({ kind, masked: mask(secret) }));
}

const mask = (secret: string) => (secret.length < 16 ? '…' : `${secret.slice(0, 4)}…`);

const isStandIn = (text: string) =>
  /^(?:[<[{$%:].*|(.)\1*|\.{3,}|.*(?:your|example|changeme|change[-_]me|placeholder|redacted|dummy|insert[-_]).*)$/is.test(text);

/** Words and paths are no secrets; what a machine drew has digits and letters. */
const isDrawn = (text: string) => /\d/.test(text) && /[a-z]/i.test(text);

/** The role in a JSON web token; undefined where it is none. */
function claims(token: string): { role?: unknown } | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof payload === 'object' && payload !== null ? payload : undefined;
  } catch {
    return undefined;
  }
}

const isPassword = (text: string): boolean => /^[\x20-\x7e]*:[\x20-\x7e]+$/.test(Buffer.from(text, 'base64').toString('latin1'));

const quote = String.raw`(?:\\*["']{1,2})`;
const headerName = String.raw`(?:api[-_]?key|authorization|x-[\w-]{0,40}(?:key|secret|token|signature))`;

/** The most telling first: where two find the same place, the earlier one names it. Every repetition has an end, or a function of megabytes would take minutes. */
const anywhere: Kind[] = [
  { kind: 'private key', pattern: /-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----\s{0,9}[A-Za-z0-9+/=\\]/g },
  {
    kind: 'JSON web token',
    pattern: /\beyJ[\w-]{8,999}\.eyJ[\w-]{8,9999}\.[\w-]{16,999}/g,
    counts: (token) => claims(token) !== undefined && claims(token)!.role !== 'anon',
    named: (token) => (claims(token)?.role === 'service_role' ? 'Supabase service_role key' : 'JSON web token'),
  },
  { kind: 'Supabase secret key', pattern: /\bsb_secret_[\w-]{16,}/g },
  { kind: 'Supabase access token', pattern: /\bsbp_(?:v0_)?[0-9a-f]{40}\b/g },
  { kind: 'AWS access key', pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g },
  { kind: 'GitHub token', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{40,})/g },
  { kind: 'Stripe key', pattern: /\b(?:sk|rk)_live_[A-Za-z0-9]{16,}/g },
  { kind: 'Stripe webhook secret', pattern: /\bwhsec_[A-Za-z0-9+/=]{24,}/g },
  { kind: 'Slack token', pattern: /\bxox[abeprs]-[A-Za-z0-9-]{16,}/g, counts: isDrawn },
  { kind: 'Slack webhook', pattern: /\bhooks\.slack\.com\/services\/(?<secret>T\w{6,}\/B\w{6,}\/\w{16,})/g },
  { kind: 'Discord webhook', pattern: /\bdiscord(?:app)?\.com\/api\/webhooks\/\d{10,}\/(?<secret>[\w-]{40,})/g },
  { kind: 'SendGrid key', pattern: /\bSG\.[\w-]{16,}\.[\w-]{32,}/g },
  { kind: 'API key', pattern: /\bsk-[A-Za-z0-9_-]{32,}/g, counts: isDrawn },
  { kind: 'Google API key', pattern: /\bAIza[\w-]{35}(?![\w-])/g },
  {
    kind: 'bearer token',
    pattern: /\bBearer\s{1,9}(?<secret>[\w.~+/=-]{16,9999})/gi,
    counts: (token) => isDrawn(token) && claims(token)?.role !== 'anon' && !/^sb_publishable_/.test(token),
  },
  { kind: 'password of a Basic authorization', pattern: /\bBasic\s{1,9}(?<secret>[A-Za-z0-9+/]{8,999}={0,2})/g, counts: isPassword },
  {
    kind: 'key in a header',
    pattern: new RegExp(String.raw`${quote}${headerName}${quote}\s{0,9}[:,]\s{0,9}${quote}(?<secret>[\w.~+/=-]{16,9999})${quote}`, 'gi'),
    counts: (value) => isDrawn(value) && claims(value)?.role !== 'anon' && !/^sb_publishable_/.test(value),
  },
  {
    kind: 'password in a URL',
    pattern: /\b[a-z][a-z0-9+-]{0,20}:\/\/[^\s:/@'"]{1,200}:(?<secret>[^\s:/@'"]{4,200})@(?!(?:localhost|127\.0\.0\.1|host)\b)[\w[]/gi,
    counts: (password) => !/^(?:pass(?:word)?|postgres|secret|pwd)$/i.test(password),
  },
  {
    kind: 'password in a connection string',
    pattern: /\bhost(?:addr)?\s{0,9}=[^'"$;\n]{0,200}?\bpassword\s{0,9}=\s{0,9}(?<secret>[^\s'"|;]{4,200})/gi,
    counts: (password) => !/^(?:pass(?:word)?|postgres|secret|pwd)$/i.test(password),
  },
];

/** The options of servers, user mappings and the like say their secrets in so many words. */
export const options: Kind[] = [
  ...anywhere,
  { kind: 'password in options', pattern: /\b(?:password|passwd)\s+'(?<secret>(?:[^']|'')+)'/gi },
  {
    kind: 'key in options',
    pattern:
      /\b(?:[a-z]{1,30}_){0,4}(?:api_key|access_key|secret_key|access_token|bearer_token|private_key|sa_key|conn_string|secret_access_key|token)\s+'(?<secret>(?:[^']|'')+)'/gi,
  },
];

const settingName = String.raw`[\w.]{0,60}(?:secret|password|passwd|api_?key|service(?:_role)?_key|token)`;

/** A setting of a role, as the catalog has it: `app.settings.jwt_secret=…`. */
export const settings: Kind[] = [
  ...anywhere,
  { kind: 'secret in a setting', pattern: new RegExp(String.raw`^"?${settingName}"?=(?<secret>\S{12,9999})`, 'gi'), counts: isDrawn },
];

/** SET in a definition: `SET app.settings.jwt_secret TO '…'`. */
export const setClauses: Kind[] = [
  ...anywhere,
  {
    kind: 'secret in a setting',
    pattern: new RegExp(String.raw`\bset\s{1,9}"?${settingName}"?\s{0,9}(?:=|\bto\b)\s{0,9}'(?<secret>[^'\s]{12,9999})'`, 'gi'),
    counts: isDrawn,
  },
];

/** Whether a text is worth a closer look: none of the above is in one without these words. */
export const mayHoldSecrets = (sql: string): boolean =>
  /eyJ|sb_secret_|sbp_|PRIVATE KEY|A[KS]IA|gh[pousr]_|github_pat_|[sr]k_live_|whsec_|xox|hooks\.slack|discord|SG\.|sk-|AIza|bearer|basic\s|api[-_]?key|authorization|x-|:\/\/|passw|secret|token|service(?:_role)?_key|_key|conn_string/i.test(
    sql,
  );
