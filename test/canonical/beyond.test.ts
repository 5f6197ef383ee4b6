import { expect, test } from 'vitest';
import { entriesBeyond } from '../../src/snapshot/beyond.ts';
import { returnedAs, type Identity } from '../../src/snapshot/identity.ts';

const entry = (name: string, type: string, body: string) =>
  `--\n-- Name: ${name}; Type: ${type}; Schema: public; Owner: postgres\n--\n\n${body}\n\n\n`;
const table = (name: string) => entry(name, 'TABLE', `CREATE TABLE public.${name} (\n    id integer\n);`);

test('what a dump holds beyond another is taken entry by entry, with the settings that govern it, without comments that extensions bring', () => {
  const ground = `SET default_tablespace = '';\n\n${table('theirs')}${entry('SCHEMA public', 'ACL', 'REVOKE ALL ON SCHEMA public FROM anon;')}`;
  const present = `SET default_tablespace = '';\n\n${table('theirs').trimEnd()}\n\n\nSET default_tablespace = fast;\n\n${table('ours')}${entry('EXTENSION citext', 'COMMENT', "COMMENT ON EXTENSION citext IS 'words';")}${entry('SCHEMA public', 'ACL', 'GRANT ALL ON SCHEMA public TO anon;')}`;
  const beyond = entriesBeyond(present, ground);
  expect(beyond.map(({ header }) => header.split('\n')[1])).toEqual(['-- Name: ours; Type: TABLE; Schema: public; Owner: postgres']);
  expect(beyond[0]!.body.trim()).toBe('SET default_tablespace = fast;\nCREATE TABLE public.ours (\n    id integer\n);');
});

test('what a step made anew has the number that its name had in that state, and its columns with it', () => {
  const things = (keys: Record<string, [kind: 'table' | 'column', name: string, parent?: string]>): Identity => ({
    origin: 'here',
    things: Object.fromEntries(
      Object.entries(keys).map(([key, [kind, name, parent]]) => [key, { kind, schema: 'public', name, ...(parent ? { parent } : {}) }]),
    ),
  });
  const reached = things({ 'new c9': ['table', 'notes'], 'new c9.1': ['column', 'body', 'new c9'], c5: ['table', 'stays'] });
  const then = things({ c1: ['table', 'notes'], 'c1.2': ['column', 'body', 'c1'], c7: ['table', 'stays'] });
  expect(returnedAs(reached, then)).toEqual({
    ...things({ c1: ['table', 'notes'], 'c1.2': ['column', 'body', 'c1'], c7: ['table', 'stays'] }),
  });
  expect(returnedAs(reached, undefined)).toBe(reached);
  expect(returnedAs(then, then)).toEqual(then);
});
