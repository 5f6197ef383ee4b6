/** A ledger that counts, and migrations whose every part shows how often it ran. */

export const noteCount = 70;

const first = `create table public.ledger (migration text primary key, times int not null);
create table public.notes (id int primary key, body text not null, extra text);
insert into public.ledger values ('v0_1_0', 1);
insert into public.notes select n, 'note ' || n, 'extra ' || n from generate_series(1, ${noteCount}) n;
`;

/** Each deletes its own seventh of the notes, marks the others, and adds a table and a column. */
const next = (
  version: number,
) => `insert into public.ledger values ('v0_${version}_0', 1) on conflict (migration) do update set times = ledger.times + 1;
delete from public.notes where id % 7 = ${version};
update public.notes set body = body || ' +${version}';
alter table public.notes add column added_${version} int not null default ${version};
create table public.made_${version} (id bigint generated always as identity primary key, note int references public.notes on delete cascade);
insert into public.made_${version} (note) select id from public.notes where id <= ${noteCount} order by id;
${version === 3 ? 'alter table public.notes drop column extra;\n' : ''}`;

/** The releases 0.1.0 to 0.4.0. */
export const releases = [1, 2, 3, 4] as const;
export const versionOf = (release: number) => `2026010${release}000000`;
export const fileOf = (release: number) => `supabase/migrations/${versionOf(release)}_v0_${release}_0_part.sql`;

const smokeTest = (release: number) =>
  `do $$ begin assert (select times = 1 from public.ledger where migration = 'v0_${release}_0'), 'once'; end $$;\n`;

/** What a project holds, whatever is applied of it. */
export const files: Record<string, string> = {
  'supabase/config.toml': 'project_id = "race"\n',
  'supabase/supasnap.toml': 'lock_wait = "45s"\n',
  ...Object.fromEntries(releases.map((release) => [fileOf(release), release === 1 ? first : next(release)])),
  ...Object.fromEntries(releases.slice(0, 2).map((release) => [`supabase/tests/v0.${release}.0_smoke_test.sql`, smokeTest(release)])),
};

/** The number of a note that a user writes before a round; no migration deletes it. */
export const written = 1001;
