import { usage } from '../errors.ts';
import { parseMigrationName } from './file-name.ts';

/** A migration and its smoke test, ready to be written. */
export interface NewMigration {
  fileName: string;
  text: string;
  smokeTestName: string;
  smokeTestText: string;
}

/** Names and templates for a new migration. `release` as `v0.8.0`; `now` is read as UTC. Throws a usage Problem at a name of the wrong form. */
export function newMigration({ release, description, now }: { release?: string; description: string; now: Date }): NewMigration {
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)\.(\d+)$/.exec(release ?? '') ?? [];
  if (release !== undefined && major === undefined)
    throw usage('wrong_arguments', `"${release}" is not a version`, { next: 'Write it as v0.8.0: db-new v0.8.0 what_it_does' });
  const words = description
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}@]+/gu, '_')
    .replace(/^_+|_+$/g, '');
  if (words === '')
    throw usage('wrong_arguments', 'the description is empty', { next: 'Say in a word or two what it does: db-new v0.8.0 collaboration' });

  const prefix = major === undefined ? '' : `v${Number(major)}_${Number(minor)}_${Number(patch)}_`;
  const { fileName, label } = parseMigrationName(`${utcStamp(now)}_${prefix}${words}.sql`);
  return {
    fileName,
    text: migrationText(label, words.replaceAll('_', ' ')),
    smokeTestName: `${label}_smoke_test.sql`,
    smokeTestText: smokeTestText(label),
  };
}

const utcStamp = (now: Date) => now.toISOString().replace(/\D/g, '').slice(0, 14);

const migrationText = (label: string, words: string) => `-- ${label}: ${words}
--
-- The whole file runs in one transaction, so it needs no BEGIN and COMMIT of its own.
-- The way back is worked out and tried before anything is applied.

`;

const smokeTestText = (label: string) => `-- Smoke test of ${label}: what must be true once its migrations are applied.
-- Each check gives one row "ok N - what is true" or "not ok N - what is true". Everything here is rolled back.
begin;

select '1..1';

-- Replace this row by real checks, and say in the plan above how many there are. For example:
--   select case when to_regclass('public.notes') is not null then 'ok 1' else 'not ok 1' end || ' - table notes exists';
select 'not ok 1 - write a check for ${label}';

rollback;
`;
