import { expect, test } from 'vitest';
import { type ConvertInput, planConversion } from '../../src/adopt/convert.ts';
import { isGenerated } from '../../src/transition/rollback-file.ts';
import { earlier } from './found.ts';

const down = { label: 'db/down/001_notes_down.sql', text: 'drop table notes;\n' };
const migrations = [earlier('001_notes.sql', { down }), earlier('002_tags.sql')];
const record = (index: number, appliedAt: string | null = null) => ({
  migration: migrations[index]!,
  appliedAt,
  appliedBy: null,
  checksum: 'none' as const,
});
const plan = (more: Partial<ConvertInput> = {}) =>
  planConversion({ migrations, applied: [], ways: new Map([[migrations[0]!, down.text]]), present: [], requireVersion: false, ...more });
const present = (fileName: string, bytes: Buffer) => ({
  version: fileName.slice(0, 14),
  name: fileName.slice(15, -4),
  label: `supabase/migrations/${fileName}`,
  fileName,
  bytes,
});

test('a file becomes the same file wherever and whenever it was applied', () => {
  const shape = (applied: ConvertInput['applied']) =>
    plan({ applied }).conversions.map(({ fileName, content, rollback }) => ({ fileName, content, rollback }));
  expect(shape([record(0, '2020-01-01T00:00:00.000Z')])).toEqual(shape([record(0, '2025-01-01T00:00:00.000Z'), record(1)]));
  expect(shape([]).map(({ fileName }) => fileName)).toEqual(['20000101000001_notes.sql', '20000101000002_tags.sql']);
});

test('its way back counts as written by hand', () => {
  const text = plan().conversions[0]!.rollback!;
  expect(isGenerated(text)).toBe(false);
  expect(text).toContain(down.text);
  expect(plan({ ways: new Map() }).conversions[0]!.rollback).toBeUndefined();
});

test('a file that is there already is left alone, also under a better name, unless it holds something else', () => {
  const [there] = plan().conversions;
  const renamed = present('20000101000001_v0_1_0_notes.sql', there!.content);
  const { conversions, toWrite } = plan({ present: [renamed] });
  expect(conversions[0]).toMatchObject({ fileName: renamed.fileName, name: 'v0_1_0_notes' });
  expect(toWrite.map(({ fileName }) => fileName)).toEqual(['20000101000002_tags.sql']);
  const fetched = { ...renamed, bytes: Buffer.from(`\n${there!.content.toString()}\n`) };
  expect(plan({ present: [fetched] }).conversions[0]!.content).toBe(fetched.bytes);
  expect(() => plan({ present: [{ ...renamed, bytes: Buffer.from('x') }] })).toThrow(expect.objectContaining({ code: 'file_exists' }));
});

test('numbers of two kinds whose versions would not follow each other are refused', () => {
  expect(() => plan({ migrations: [earlier('19950101_a.sql'), earlier('20000000_b.sql')] })).not.toThrow();
  expect(() => plan({ migrations: [earlier('20240101_a.sql'), earlier('20250000_b.sql')] })).toThrow(
    expect.objectContaining({ code: 'bad_file_name', message: expect.stringMatching(/20250000_b\.sql.*20240101_a\.sql/) }),
  );
  expect(() => plan({ migrations: [earlier('1700000000000_a.sql')] })).toThrow(
    expect.objectContaining({ code: 'bad_file_name', message: expect.stringContaining('1700000000000') }),
  );
});

test('what is pending before something applied, and what migrate would not take by its name, is said', () => {
  expect(plan({ applied: [record(1)] }).notes.join()).toContain('20000101000001_notes.sql is pending and older');
  expect(plan({ requireVersion: true }).notes.join()).toMatch(/has no version in it.*rename it in supabase\/migrations/);
  expect(plan({ requireVersion: true, applied: [record(0), record(1)] }).notes).toEqual([]);
});
