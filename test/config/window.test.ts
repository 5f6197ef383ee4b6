import { describe, expect, test } from 'vitest';
import { isOpen, nextOpening, parseWindow } from '../../src/config/window.ts';

const window = (text: string) => {
  const parsed = parseWindow(text);
  if (!parsed) throw new Error(`${text} is no window`);
  return [parsed];
};
const at = (iso: string) => new Date(iso);

describe('a deployment window', () => {
  test.each([
    ['02:00-04:00 UTC', '2026-01-07T02:00:00Z', true],
    ['02:00-04:00 UTC', '2026-01-07T03:59:59Z', true],
    ['02:00-04:00 UTC', '2026-01-07T04:00:00Z', false],
    ['02:00-04:00 UTC', '2026-01-07T01:59:59Z', false],
    ['22:00-02:00 UTC', '2026-01-07T23:00:00Z', true],
    ['22:00-02:00 UTC', '2026-01-07T01:59:00Z', true],
    ['22:00-02:00 UTC', '2026-01-07T12:00:00Z', false],
    ['00:00-24:00 UTC', '2026-01-07T23:59:59Z', true],
    ['20:00-24:00 UTC', '2026-01-07T23:59:59Z', true],
    ['20:00-24:00 UTC', '2026-01-08T00:00:00Z', false],
    ['Mon-Thu 02:00-04:00 UTC', '2026-01-08T02:30:00Z', true],
    ['Mon-Thu 02:00-04:00 UTC', '2026-01-09T02:30:00Z', false],
    ['Fri 22:00-02:00 UTC', '2026-01-10T01:00:00Z', true],
    ['Fri 22:00-02:00 UTC', '2026-01-09T01:00:00Z', false],
    ['sat, sun 06:00-09:00 UTC', '2026-01-11T06:00:00Z', true],
    ['Fri-Mon 06:00-09:00 UTC', '2026-01-12T06:00:00Z', true],
    ['Fri-Mon 06:00-09:00 UTC', '2026-01-13T06:00:00Z', false],
    ['02:00-04:00 Europe/Berlin', '2026-01-07T01:30:00Z', true],
    ['02:00-04:00 Europe/Berlin', '2026-07-07T00:30:00Z', true],
    ['02:00-04:00 Europe/Berlin', '2026-07-07T02:30:00Z', false],
    ['Sun 00:00-06:00 Asia/Tokyo', '2026-01-10T15:30:00Z', true],
  ])('"%s" at %s: %s', (text, moment, open) => {
    expect(isOpen(window(text), at(moment))).toBe(open);
  });

  test('is open when one of several is, and always when there is none', () => {
    expect(isOpen([...window('02:00-04:00 UTC'), ...window('12:00-13:00 UTC')], at('2026-01-07T12:30:00Z'))).toBe(true);
    expect(isOpen([], at('2026-01-07T12:30:00Z'))).toBe(true);
  });

  test.each([
    '02:00-04:00',
    '2-4 UTC',
    '25:00-26:00 UTC',
    '02:60-04:00 UTC',
    '02:00-02:00 UTC',
    '24:00-02:00 UTC',
    'Someday 02:00-04:00 UTC',
    'Mon-Tue-Wed 02:00-04:00 UTC',
    '02:00-04:00 Nowhere/Land',
    '',
  ])('is not "%s"', (text) => expect(parseWindow(text)).toBeUndefined());

  test('says when it opens next, over days, midnight and the change of clocks', () => {
    expect(nextOpening(window('Mon-Thu 02:00-04:00 UTC'), at('2026-01-09T12:00:30Z'))).toEqual(at('2026-01-12T02:00:00Z'));
    expect(nextOpening(window('22:00-02:00 UTC'), at('2026-01-07T02:00:00Z'))).toEqual(at('2026-01-07T22:00:00Z'));
    expect(nextOpening(window('06:00-07:00 Europe/Berlin'), at('2026-03-28T12:00:00Z'))).toEqual(at('2026-03-29T04:00:00Z'));
    // On that Sunday the clocks of Berlin leave out the hour from 2 to 3.
    expect(nextOpening(window('02:00-02:30 Europe/Berlin'), at('2026-03-28T12:00:00Z'))).toEqual(at('2026-03-30T00:00:00Z'));
    const open = at('2026-01-07T02:00:30Z');
    expect(nextOpening(window('02:00-04:00 UTC'), open)).toBe(open);
  });
});
