import { expect, test } from 'vitest';
import { atLeast, newFindings, readFindings } from '../../src/advice/finding.ts';

const entry = (name: string, level: string, object: string, more: object = {}) => ({
  name,
  title: name,
  level,
  detail: `${name} of\n  ${object}`,
  remediation: 'https://example.com',
  metadata: { schema: 'public', name: object },
  cacheKey: `${name}_${object}`,
  ...more,
});
const read = (...results: object[]) => readFindings(JSON.stringify({ results }))!;

test('what the CLI prints is read; what it is about the shadow alone is left out', () => {
  expect(
    read(
      entry('rls', 'ERROR', 'a'),
      entry('unused_index', 'INFO', 'a'),
      entry('table_bloat', 'INFO', 'a'),
      entry('rls', 'ERROR', 'b', { metadata: { schema: 'supabase_migrations', name: 'b' } }),
      entry('rls', 'LOUD', 'c'),
    ),
  ).toEqual([{ level: 'error', title: 'rls', object: 'public.a', detail: 'rls of a', link: 'https://example.com', key: 'rls_a' }]);
  for (const other of ['', 'none', '[]', '{"results":1}', '{"_tag":"Error"}']) expect(readFindings(other)).toBeUndefined();
});

test('new is what was not found about the same object before, gravest first', () => {
  const before = read(entry('rls', 'ERROR', 'a'), entry('path', 'WARN', 'f'));
  const after = read(
    entry('keys', 'INFO', 'b'),
    entry('path', 'WARN', 'f'),
    entry('path', 'WARN', 'g'),
    entry('rls', 'ERROR', 'a'),
    entry('rls', 'ERROR', 'b'),
  );
  const found = newFindings(before, after);
  expect(found.map(({ key }) => key)).toEqual(['rls_b', 'path_g', 'keys_b']);
  expect([atLeast(found, 'error').length, atLeast(found, 'warn').length, atLeast(found, 'info').length]).toEqual([1, 2, 3]);
});
