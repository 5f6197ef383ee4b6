import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { hasStackTrace, startProgram, type Ended, type Program } from '../crash/program.ts';
import { type Site, sites } from './site.ts';

const next = '20260102000000_v0_2_0_next.sql';

/** It takes long in the rehearsal, which has no rows, or on the target, which has some. */
const slow = (where: 'rehearsal' | 'target') =>
  `alter table public.notes add column done boolean;\ndo $$ begin if (select count(*) from public.notes where body in ('first', 'second')) ${where === 'target' ? '=' : '<'} 2 then perform pg_sleep(60); end if; end $$;\n`;

describe('interrupted, the program stops the statement on the server, leaves all as it was, and ends with 130', () => {
  const { withBase } = sites(17, { bare: true });

  const begin = (site: Site, ...words: string[]): Program => {
    const { user, password, host, port, database } = site.database;
    return startProgram(['migrate', '--yes', ...words], {
      folder: site.project.folder,
      url: `postgresql://${user}:${password}@${host}:${port}/${database}`,
    });
  };

  const sleeping = async (site: Site): Promise<void> => {
    for (let tries = 0; tries < 600; tries++) {
      const { length } = await site.sql(
        "select from pg_stat_activity where query like '%pg_sleep(60)%' and wait_event = 'PgSleep' and datname = current_database()",
      );
      if (length > 0) return;
      await sleep(50);
    }
    throw new Error('It never slept.');
  };

  const sessions = (site: Site) =>
    site.sql(
      "select pid, query from pg_stat_activity where application_name = 'supasnap' and pid <> pg_backend_pid() and datname = current_database()",
    );

  const expectGone = async (site: Site, before: unknown, { exitCode, output }: Ended): Promise<void> => {
    expect(exitCode, output).toBe(130);
    expect(output).toContain('Interrupted');
    expect(hasStackTrace(output)).toBe(false);
    for (let tries = 0; tries < 100 && (await sessions(site)).length > 0; tries++) await sleep(50);
    expect(await sessions(site)).toEqual([]);
    expect(await site.state()).toEqual(before);
  };

  test.concurrent('while the target is being changed: by Ctrl-C', () =>
    withBase({ [next]: slow('target') }, async (site) => {
      const before = await site.state();
      const program = begin(site);
      await sleeping(site);
      program.signal('SIGINT');
      const ended = await program.ended;
      await expectGone(site, before, ended);
      expect(ended.output).toMatch(
        /Error: Interrupted\.\n {2}State: Nothing was changed on .*: the server rolled the transaction back\.\n {2}Next: {2}Run the same command again\./,
      );
    }));

  test.concurrent('in the rehearsal: by SIGTERM; the shadow server is stopped', () =>
    withBase({ [next]: slow('rehearsal') }, async (site) => {
      const before = await site.state();
      const program = begin(site);
      await program.said(/Rehearsing/);
      program.signal('SIGTERM');
      const ended = await program.ended;
      await expectGone(site, before, ended);
      expect(ended.output).toContain('State: ');
      expect(existsSync(join(site.project.folder, '.supasnap/embedded/shadow-17/data/PG_VERSION'))).toBe(true);
      expect(existsSync(join(site.project.folder, '.supasnap/embedded/shadow-17/data/postmaster.pid'))).toBe(false);
    }));

  test.concurrent('by a second Ctrl-C at once, and the server takes it back within seconds', () =>
    withBase({ [next]: slow('target') }, async (site) => {
      const before = await site.state();
      const program = begin(site);
      await sleeping(site);
      program.signal('SIGINT');
      program.signal('SIGINT');
      const ended = await program.ended;
      await expectGone(site, before, ended);
    }));
});
