import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { compareChecksum } from '../../src/adopt/checksums.ts';

const file = Buffer.from('select 1;\r\nselect 2;\r\n');
const hash = (kind: string, content: string | Buffer, as: 'hex' | 'base64' = 'hex') => createHash(kind).update(content).digest(as);

test.each(['md5', 'sha1', 'sha256', 'sha512'])('%s of the file is recognised by its length', (kind) => {
  expect(compareChecksum(hash(kind, file), file)).toBe('same');
  expect(compareChecksum(hash(kind, file).toUpperCase(), file)).toBe('same');
  expect(compareChecksum(hash(kind, `${file.toString()} `.replace('1', '3')), file)).toBe('other');
});

test('a word before it, base64, other line ends and white space at the ends make no difference', () => {
  expect(compareChecksum(`sha256:${hash('sha256', file)}`, file)).toBe('same');
  expect(compareChecksum(hash('sha256', file, 'base64'), file)).toBe('same');
  expect(compareChecksum(hash('sha256', 'select 1;\nselect 2;\n'), file)).toBe('same');
  expect(compareChecksum(hash('md5', 'select 1;\nselect 2;'), file)).toBe('same');
  expect(compareChecksum(hash('sha256', file), Buffer.from('select 1;\nselect 2;\n'))).toBe('same');
});

test('what is of no known kind is not called edited', () => {
  for (const text of ['1234567', '-1530042', 'manual', 'abcdef0123']) expect(compareChecksum(text, file)).toBe('unknown');
});
