import { failed } from '../errors.ts';
import { placeAt } from '../sql-error.ts';
import { withoutByteOrderMark } from './statements.ts';

/** The text of a SQL file without its byte order mark. Throws a Problem that says where and why it is not UTF-8 text. */
export function decodeSql(bytes: Buffer, file: string): string {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) throw utf16(file);
  const nul = bytes.indexOf(0);
  if (nul >= 0) throw hasManyNuls(bytes) ? utf16(file) : nulByte(bytes, nul, file);
  try {
    return withoutByteOrderMark(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    const offset = firstInvalidByte(bytes);
    throw failed('bad_sql', `${file} is not valid UTF-8 at byte ${offset}`, {
      place: placeAt(file, bytes.toString('latin1'), offset),
      state: nothingChanged,
      next: 'Save it as UTF-8. (It may be Windows-1252 or Latin-1 now.)',
    });
  }
}

const nothingChanged = 'Nothing was changed.';

const utf16 = (file: string) =>
  failed('bad_sql', `${file} is encoded as UTF-16, or is not text`, { state: nothingChanged, next: 'Save it as UTF-8.' });

const nulByte = (bytes: Buffer, offset: number, file: string) =>
  failed('bad_sql', `${file} holds a NUL byte at byte ${offset}`, {
    place: placeAt(file, bytes.toString('latin1'), offset),
    state: nothingChanged,
    next: 'Take the byte out; PostgreSQL accepts none in SQL.',
  });

function hasManyNuls(bytes: Buffer): boolean {
  const beginning = bytes.subarray(0, 2000);
  return beginning.filter((byte) => byte === 0).length > beginning.length / 4;
}

/** Halves the file: the longest beginning in which nothing is wrong yet, then back to the start of a character cut short. */
function firstInvalidByte(bytes: Buffer): number {
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (decodes(bytes.subarray(0, middle), true)) good = middle;
    else bad = middle;
  }
  if (decodes(bytes.subarray(0, good), false)) return good;
  let start = good - 1;
  while (start > 0 && (bytes[start] ?? 0) < 0xc0) start--;
  return start;
}

function decodes(bytes: Buffer, stream: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream });
    return true;
  } catch {
    return false;
  }
}
