import { expect, test } from 'vitest';
import { Problem } from '../../src/errors.ts';
import { compareCounts, compareObjects, schemasToSearch } from '../../src/smoke/compare-expectations.ts';
import type { FoundObject } from '../../src/snapshot/count-objects.ts';
import { parseExpectations } from '../../src/smoke/expectations.ts';

const parse = (text: string) => parseExpectations('v0.7.0_expect.toml', text);
const problemOf = (text: string): Problem => {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('it was accepted');
};

test('counts, objects and schemas are read, and public is where to look unless said', () => {
  const read = parse('[counts]\ntables = 30\n[objects]\npolicies = ["minds: owners read"]\nrls = ["minds"]\n');
  expect(read).toEqual({
    file: 'v0.7.0_expect.toml',
    schemas: ['public'],
    counts: { tables: 30 },
    objects: { policies: ['minds: owners read'], rls: ['minds'] },
  });
  expect(parse('schemas = ["app", "public"]').schemas).toEqual(['app', 'public']);
});

test.each([
  ['[counts]\nviews = 1\ntabels = 3', 3, '"tabels" is not known here; did you mean "tables"?'],
  ['[objects]\nrsl = ["a"]', 2, '"rsl" is not known here; did you mean "rls"?'],
  ['[conts]\ntables = 3', 1, '"conts" is not known here; did you mean "counts"?'],
  ['zzzzzzzz = 1', 1, '"zzzzzzzz" is not known here; known are schemas, counts, objects'],
  ['\ntables = 3', 2, '"tables" stands outside a section'],
  ['[counts]\ntables = "3"', 2, 'tables is a whole number'],
  ['[counts]\ntables = -1', 2, 'tables is a whole number'],
  ['[counts]\ntables = 1.5', 2, 'tables is a whole number'],
  ['[counts]\ntables = 3\n[objects]\ntables = "minds"', 4, 'tables is a list of names'],
  ['[objects]\npolicies = ["owners read"]', 2, '"owners read" does not say on which table'],
  ['schemas = []', 1, 'schemas is a list of names'],
  ['counts = 3', 1, 'counts is a section'],
  ['counts.tabels = 3', 1, '"tabels" is not known here; did you mean "tables"?'],
])('%j is refused with its line', (text, line, message) => {
  const problem = problemOf(text);
  expect([problem.code, problem.place?.line]).toEqual(['bad_test', line]);
  expect(problem.message).toBe(message);
});

test('wrong TOML is told with line and column', () => {
  const problem = problemOf('[counts]\ntables = \n');
  expect(problem.place).toMatchObject({ file: 'v0.7.0_expect.toml', line: 2, text: 'tables = ' });
  expect(problem.code).toBe('bad_test');
  expect(problem.message).not.toContain('\n');
});

const object = (kind: FoundObject['kind'], name: string, more: Partial<FoundObject> = {}): FoundObject => ({
  kind,
  schema: 'public',
  name,
  of: null,
  rls: kind === 'tables' ? false : null,
  ...more,
});

test('a wrong count is told with what was found', () => {
  const found = { tables: 29, views: 1, policies: 0, functions: 0, triggers: 0, enums: 0, indexes: 0, materialized_views: 0 };
  const { counts, checks } = compareCounts(parse('[counts]\ntables = 30\nviews = 1'), found);
  expect(checks).toEqual([
    { ok: false, name: '30 tables', detail: '29 found' },
    { ok: true, name: '1 view' },
  ]);
  expect(counts.tables).toEqual({ expected: 30, found: 29 });
  expect(counts.policies).toEqual({ found: 0 });
});

test('a missing object is named and a near one suggested', () => {
  const expectations = parse(`[objects]
tables = ["mind", "minds", "public.minds", "app.things"]
views = ["minds"]
functions = ["touch", "touch(a integer)"]
triggers = ["auth.users: on_auth_user_created"]
policies = ["minds: see app.docs"]
rls = ["minds", "fragments"]`);
  expect(schemasToSearch(expectations)).toEqual(['public', 'app', 'auth']);
  const checks = compareObjects(expectations, [
    object('tables', 'minds'),
    object('tables', 'fragments', { rls: true }),
    object('functions', 'touch', { of: 'a integer' }),
    object('triggers', 'on_auth_user_created', { schema: 'auth', of: 'users' }),
    object('policies', 'see app.docs', { of: 'minds' }),
  ]);
  expect(checks).toEqual([
    { ok: false, name: 'there is the table mind', detail: 'not there; did you mean "minds"?' },
    { ok: false, name: 'there is the table app.things', detail: 'not there' },
    { ok: false, name: 'there is the view minds', detail: 'not there; minds is in tables' },
    { ok: true, name: 'there is the policy minds: see app.docs' },
    { ok: true, name: 'there are the functions touch, touch(a integer)' },
    { ok: true, name: 'there is the trigger auth.users: on_auth_user_created' },
    { ok: false, name: 'row-level security is on for minds', detail: 'it is off' },
  ]);
});
