import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { withClient } from '../../src/target/connection.ts';
import { mostly } from '../postgres/database.ts';
import { expectCode, type Site, sites } from './site.ts';

const next = '20260102000000_v0_2_0_next.sql';

/** A user has written, and commits only once `run` waits for that. */
async function whileUserWrites(site: Site, sql: string, run: () => Promise<unknown>): Promise<void> {
  await withClient(site.database, async (user) => {
    await user.query(`begin; ${sql}`);
    const running = run();
    const waits = async () =>
      (
        await site.sql<{ waits: boolean }>(
          "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as waits",
        )
      )[0]!.waits;
    for (let tries = 0; !(await waits()); tries++) {
      if (tries > 600) throw new Error('The rollback never waited for the user.');
      await sleep(100);
    }
    await user.query('commit');
    await running;
  });
}

const byHand = (site: Site) =>
  withClient(site.database, (client) =>
    client.query(readFileSync(`${site.project.folder}/supabase/rollback/20260102000000_rollback.sql`, 'utf8')).then(() => undefined),
  );

describe.each(mostly(17))('on PostgreSQL %i', (major) => {
  const { withBase } = sites(major, { bare: true });

  for (const [how, back] of [
    ['the program', (site: Site) => site.rollback({ steps: 1 }).then((ended) => expectCode(ended, 0))],
    ['its file by hand', byHand],
  ] as const) {
    test.concurrent(`a value that a user commits while ${how} rolls the same row back is the newer one, and stays`, () =>
      withBase({ [next]: "update public.notes set body = 'migrated';\n" }, async (site) => {
        expectCode(await site.migrate(), 0);
        await whileUserWrites(site, "update public.notes set body = 'of a user' where id = 1", () => back(site));
        expect(await site.sql('select id, body from public.notes order by id')).toEqual([
          { id: 1, body: 'of a user' },
          { id: 2, body: 'second' },
        ]);
      }));

    test.concurrent(`rows and values that a user commits while ${how} removes their table and their column are there when it is applied again`, () =>
      withBase(
        { [next]: 'create table public.tags (id int primary key);\nalter table public.notes add column extra text;\n' },
        async (site) => {
          expectCode(await site.migrate(), 0);
          await whileUserWrites(site, "insert into public.tags values (1); update public.notes set extra = 'of a user' where id = 1", () =>
            back(site),
          );
          expect(await site.sql("select to_regclass('public.tags') as tags")).toEqual([{ tags: null }]);
          expectCode(await site.migrate(), 0);
          expect(await site.sql('select id from public.tags')).toEqual([{ id: 1 }]);
          expect(await site.sql('select extra from public.notes order by id')).toEqual([{ extra: 'of a user' }, { extra: null }]);
        },
      ));
  }
});
