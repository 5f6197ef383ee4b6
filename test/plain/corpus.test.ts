import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { expectBack, runCase } from '../corpus-case.ts';
import { expectRows, runDataCase } from '../data-case.ts';
import { type Login, logins, plainMajors, plainServer } from './server.ts';

/** What only a project of Supabase has, and what only a superuser may do: to make foreign keys quiet that act on other rows is one of that. */
const ofProjects = /\b(?:anon|authenticated|authenticator|service_role|supabase_\w+|postgres|auth|storage|realtime|extensions|vault)\b/;
const ofSuperusers =
  /\b(?:event trigger|for all tables|tables in schema|role|extension|server|foreign|publication|subscription|language c|superuser|aggregate|operator|cast|base type|owner to|session_replication_role|on (?:delete|update) (?:cascade|set))\b/i;

const folderOf = (corpus: string) => fileURLToPath(new URL(`../${corpus}`, import.meta.url));
const sqlOf = (folder: string, name: string) =>
  readdirSync(`${folder}/${name}`)
    .filter((file) => file.endsWith('.sql'))
    .map((file) => readFileSync(`${folder}/${name}/${file}`, 'utf8'))
    .join('\n');

const names = Object.keys(logins) as Login[];
const places = plainMajors.flatMap((major) => names.map((login) => `${major} ${login}`));

/** A sample that is always the same, another one in each place. */
function casesOf(corpus: string, place: string, share: number): string[] {
  const folder = folderOf(corpus);
  const all = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  const can = all.filter((name) => {
    const sql = sqlOf(folder, name);
    return !name.startsWith('unmodelled-') && !ofProjects.test(sql) && (place.endsWith('superuser postgres') || !ofSuperusers.test(sql));
  });
  return can
    .map((name) => ({
      name,
      at: createHash('sha256')
        .update(`${name} ${places.indexOf(place)}`)
        .digest('hex'),
    }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .slice(0, share)
    .map(({ name }) => name);
}

// One after the other: roles are of a whole server, that of the shadows too.
describe.each(plainMajors)('on plain PostgreSQL %i', (major) => {
  const { home } = plainServer(major);
  for (const login of names) {
    const place = `${major} ${login}`;
    for (const name of casesOf('corpus', place, 2))
      test(`as ${login}, ${name.replaceAll('-', ' ')}: the rollback leads back to the same dump`, async () => {
        const outcome = await runCase(home(login), name);
        expect(outcome.refusal && [outcome.refusal.message, ...outcome.refusal.detail].join('\n')).toBeUndefined();
        expectBack(outcome);
      });
    for (const name of casesOf('corpus-data', place, 1))
      test(`as ${login}, ${name.replaceAll('-', ' ')}: every row is as it should be, back and forward again`, async () => {
        expectRows(name, await runDataCase(home(login), name));
      });
  }
});
