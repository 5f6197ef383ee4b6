import { describe, expect, test } from 'vitest';
import { renderMigrations } from '../../src/report/migrations-md.ts';
import { rollback, run } from './runs.ts';

const history = {
  runs: [run({ id: '1' }), run({ id: '2', version: '20251027140000', name: 'v0_8_0_collaboration' }), rollback({ id: '3' })],
  applied: ['20251026211500', '20251027140000'].map((version) => ({
    version,
    name: version === '20251026211500' ? 'v0_7_0_baseline' : 'v0_8_0_collaboration',
    statements: null,
  })),
  local: [],
};
const fresh = renderMigrations(history, undefined);
const open = '<!-- notes:20251026211500 -->';
const close = '<!-- /notes:20251026211500 -->';
const empty = `${open}\n${close}`;
const withNote = (content: string) => fresh.replace(empty, () => open + content + close);
/** Written once and once more; the second time must change nothing. */
const rewrite = (text: string, input = history) => {
  const once = renderMigrations(input, text);
  expect(renderMigrations(input, once)).toBe(once);
  return once;
};

describe('notes', () => {
  test.each([
    ['a line', '\nCalled the customer first.\n'],
    ['nothing but spaces', ' \t '],
    ['a text in the line of its markers', 'short'],
    ['Windows line ends', '\r\none\r\ntwo\r\n'],
    ['headings and lists like ours', '\n## v0.7.0\n\n### 20251026211500_v0_7_0_baseline.sql\n\n- **Status**: applied\n  - x\n'],
    ['dollar signs', '\n$& $1 $$ \\\n'],
    ['other comments, code fences and letters of the world', '\n<!-- x -->\n```sql\nselect 1;\n```\nżółć 心 \u0000\n'],
  ])('%s between the markers comes back byte for byte', (_what, content) => {
    const noted = withNote(content);
    expect(rewrite(noted)).toBe(noted);
  });

  test('stay with their migration when it is rolled back', () => {
    const input = {
      ...history,
      runs: [...history.runs, rollback({ id: '4', undone: ['20251026211500'] })],
      applied: history.applied.slice(1),
    };
    const text = rewrite(withNote('\nmine\n'), input);
    expect(text).toContain(`${open}\nmine\n${close}`);
    expect(text).toContain('rolled back on');
  });

  test('of a migration that history does not know wait in the last section, and go home when it is known again', () => {
    const noted = withNote('\r\n  mine \r\n');
    const without = rewrite(noted, { runs: [], applied: [], local: [] });
    expect(without).toMatch(
      /## Notes that belong to no migration\n\n### Of 20251026211500\n\n<!-- notes:20251026211500 -->\r\n {2}mine \r\n<!-- \/notes:20251026211500 -->\n$/,
    );
    expect(rewrite(without)).toBe(noted);
  });
});

describe('a damaged file', () => {
  const mine = '\n  - first\n- **Status**: mine\n\nmy words\n  - last\n';
  const noted = withNote(mine);
  const otherOpen = '<!-- notes:20251027140000 -->';
  test.each([
    ['its end marker is missing', noted.replace(close, '')],
    ['its start marker is missing', noted.replace(open, '')],
    ['both markers are missing', noted.replace(open, '').replace(close, '')],
    ['its end marker has lost a letter', noted.replace(close, '<!-- /note:20251026211500 -->')],
    ['its start marker has lost its end', noted.replace(open, '<!-- notes:20251026211500')],
    ['its markers have different numbers', noted.replace(close, '<!-- /notes:20251026211501 -->')],
    ['its end marker became a second start', noted.replace(close, open)],
    ['another start stands in it', noted.replace('my words', `${otherOpen}\nmy words`)],
    ['another end stands in it', noted.replace('my words', `my words\n<!-- /notes:20251027140000 -->`)],
    ['its markers changed places', noted.replace(open, 'X').replace(close, open).replace('X', close)],
    ['it is cut off after the words', noted.slice(0, noted.indexOf('  - last') + 8)],
    ['it has Windows line ends and no end marker', noted.replace(close, '').replaceAll('\n', '\r\n')],
    ['a heading is gone as well', noted.replace(close, '').replace(/### .*\n/, '')],
    ['it is all on top', `${mine}${fresh}`],
    ['it is all at the end', `${fresh}${mine}`],
  ])('loses no words when %s', (_how, damaged) => {
    const text = rewrite(damaged);
    for (const line of ['  - first', '- **Status**: mine', 'my words', '  - last'])
      expect(text.replaceAll('\r', '').split('\n')).toContain(line);
    const [generated] = text.split('\n## Notes that belong to no migration\n');
    expect(generated!.match(/<!-- \/?notes:\d+ -->/g)).toEqual(fresh.match(/<!-- \/?notes:\d+ -->/g));
  });

  test('takes no lines of ours for notes when only one marker is missing', () => {
    const text = rewrite(noted.replace(close, ''));
    expect(text).toBe(`${fresh}\n## Notes that belong to no migration\n\n<!-- notes:unplaced -->${mine}<!-- /notes:unplaced -->\n`);
  });

  test('keeps both of two different notes of one migration', () => {
    const text = rewrite(`${withNote('\none\n')}${open}\ntwo\n${close}\n`);
    expect(text).toContain(`${open}\none\n${close}`);
    expect(text).toContain('<!-- notes:unplaced -->\ntwo\n<!-- /notes:unplaced -->');
  });

  test('has what was moved to the last section still there after many writings, even when it is damaged again', () => {
    const moved = rewrite(noted.replace(close, ''));
    const again = rewrite(moved.replace('<!-- notes:unplaced -->', '').replace(empty, `${open}\nnew words`));
    for (const line of ['  - first', '- **Status**: mine', 'my words', '  - last', 'new words']) expect(again.split('\n')).toContain(line);
  });

  test('that the tool never wrote is kept whole', () => {
    const own = '# Our migrations\n\n## v0.6.0\n\n- **Who**: somebody\n\nBy hand.';
    expect(rewrite(own)).toBe(
      `${fresh}\n## Notes that belong to no migration\n\n<!-- notes:unplaced -->\n${own}\n<!-- /notes:unplaced -->\n`,
    );
  });

  test('whose pieces were cut anywhere still has every word of its notes', () => {
    for (let at = 0; at < noted.length; at += 7) {
      const text = rewrite(noted.slice(0, at) + noted.slice(at + 40));
      const left = (noted.slice(0, at) + noted.slice(at + 40)).includes('my words');
      if (left) expect(text).toContain('my words');
    }
  });
});
