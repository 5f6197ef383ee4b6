import { describe, expect, test } from 'vitest';
import { adopt } from '../../src/commands/adopt.ts';
import { compareDumps } from '../../src/snapshot/canonical.ts';
import { factDifferences } from '../../src/snapshot/facts.ts';
import { captureState } from '../../src/snapshot/state.ts';
import { type ConnectionSettings, withClient } from '../../src/target/connection.ts';
import { createPlatformDatabase } from '../../src/target/embedded/platform.ts';
import { forgetRoles, makeProject } from '../commands/adopted-project.ts';
import { shareShadow } from '../commands/shared-shadow.ts';
import { expectCode, sites } from '../commands/site.ts';
import { mostly } from '../postgres/database.ts';
import { cliResult, listedByCli } from '../supabase-cli.ts';

const share = shareShadow();

describe.each(mostly(17))('an adopted database and the Supabase CLI, on PostgreSQL %i', (major) => {
  const { withNothing } = sites(major);
  const stateOf = (settings: ConnectionSettings) =>
    withClient(settings, (client) =>
      captureState(client, settings, { pgDump: 'bundled', serverVersionNum: major * 10_000, lockWaitMs: 10_000 }),
    );

  test('the CLI sees the baseline as applied, and its "migration up" makes the same schema of another fresh project', () =>
    withNothing({}, async (site) => {
      share(site.project);
      const superuser = (sql: string, database = 'postgres') =>
        withClient({ ...site.server.superuser, database }, (client) => client.query(sql));
      try {
        await makeProject(site);
        // Whom it belongs to is up to who runs it: on the platform supautils, here a superuser.
        await superuser('drop extension citext', site.database.database);
        const { value } = expectCode(await site.run((context) => adopt(context)), 0);
        const version = value!.baseline!.file.split('/').at(-1)!.slice(0, 14);
        expect(await listedByCli(site)).toEqual({ local: [version], remote: [version] });

        const other = await createPlatformDatabase(site.server, 'adopted_elsewhere');
        // What supautils lets role postgres do on the platform, only a superuser may do here.
        await superuser('alter role postgres superuser');
        const up = await cliResult({ project: site.project, database: other }, ['migration', 'up', '--yes']);
        await superuser('alter role postgres nosuperuser');
        expect(up.exitCode, `${up.stderr}${up.stdout}`).toBe(0);
        const [here, there] = [await stateOf(site.database), await stateOf(other)];
        expect(factDifferences(here.facts, there.facts)).toEqual([]);
        expect(compareDumps(here.sql, there.sql).differences).toEqual([]);
      } finally {
        await superuser('alter role postgres nosuperuser');
        await superuser('drop database if exists adopted_elsewhere with (force)');
        await forgetRoles(site);
      }
    }));
});
