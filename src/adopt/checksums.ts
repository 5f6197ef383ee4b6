import { createHash } from 'node:crypto';

const kinds: Record<number, string> = { 32: 'md5', 40: 'sha1', 64: 'sha256', 96: 'sha384', 128: 'sha512' };

/**
 * Whether a recorded checksum is that of the file. Its length says which it is; the text is tried as it lies there, with the line ends of
 * other machines, and without white space around it. `unknown` where it is of no kind that can be tried.
 */
export function compareChecksum(recorded: string, bytes: Buffer): 'same' | 'other' | 'unknown' {
  const hex = asHex(recorded.trim());
  const kind = hex && kinds[hex.length];
  if (!hex || !kind) return 'unknown';
  return formsOf(bytes).some((form) => createHash(kind).update(form).digest('hex') === hex) ? 'same' : 'other';
}

/** With a word before it ("sha256:…"), in capitals, or in base64. */
function asHex(text: string): string | undefined {
  const bare = text.replace(/^(md5|sha-?\d+)[:=-]/i, '').replace(/^\\x/, '');
  if (/^[0-9a-f]+$/i.test(bare)) return bare.toLowerCase();
  return /^[A-Za-z0-9+/]{22,86}={1,2}$/.test(bare) ? Buffer.from(bare, 'base64').toString('hex') : undefined;
}

function formsOf(bytes: Buffer): (Buffer | string)[] {
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  const unix = text.replaceAll('\r\n', '\n');
  return [bytes, text, unix, unix.replaceAll('\n', '\r\n'), text.trim(), unix.trim()];
}
