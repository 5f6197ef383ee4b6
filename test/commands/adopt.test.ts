import { describe, expect, test } from 'vitest';
import { adopt, type AdoptOptions } from '../../src/commands/adopt.ts';
import { status } from '../../src/commands/status.ts';
import { migrationName } from '../../src/migration/file-name.ts';
import { mostly } from '../postgres/database.ts';
import { forgetRoles, makeProject } from './adopted-project.ts';
import { shareShadow } from './shared-shadow.ts';
import type { TargetState } from './target-state.ts';
import { expectCode, expectUntouched, sites, type Site } from './site.ts';

const share = shareShadow();

describe.each(mostly(17))('a database without history, on PostgreSQL %i', (major) => {
  const { withNothing } = sites(major);
  const withProjectMadeByHand = (use: (site: Site) => Promise<void>) =>
    withNothing({}, async (site) => {
      share(site.project);
      try {
        await makeProject(site);
        await use(site);
      } finally {
        await forgetRoles(site);
      }
    });
  const adopting = (site: Site, options: AdoptOptions = {}, extra = {}) => site.run((context) => adopt(context, options), extra);

  test('is adopted: the baseline holds all that users made, is proven, recorded as applied, and touches nothing', () =>
    withProjectMadeByHand(async (site) => {
      const before = await site.state();
      expectCode(await adopting(site, {}, { yes: false }), 3);
      expect(await site.state()).toEqual(before);
      const { value, told } = expectCode(await adopting(site, { version: 'v1.0.0' }), 0);
      expect(told).toContain('by facts and by pg_dump');
      expect(told).toContain('app_worker');
      expect(value).toMatchObject({ changed: true, baseline: { proven: true }, rebuilt: [] });
      const { file, text } = value!.baseline!;
      expect(migrationName(file.split('/').at(-1)!)).toMatchObject({ release: 'v1.0.0', description: 'baseline' });
      expect(site.project.read(file)).toBe(text);
      for (const part of ['on_auth_user_created', 'avatars for all', 'supabase_realtime ADD TABLE', 'EVENT TRIGGER on_ddl', "'7s'", 'GRANT "app_reader" TO "app_worker"', 'REVOKE ALL ON TABLE "public"."closed" FROM "anon"']) expect(text).toContain(part);
      expect(text).not.toContain('CREATE TABLE auth.');
      const after = await site.state();
      expect(outside(after)).toEqual(outside(before));
      expect(after.roles).toEqual(before.roles);
      expect(await site.sql('select version, name from supabase_migrations.schema_migrations')).toEqual([{ version: expect.stringMatching(/^\d{14}$/), name: 'v1_0_0_baseline' }]);
    }));
});

/** The rows that are no history of migrations. */
const outside = ({ rows }: TargetState) => Object.fromEntries(Object.entries(rows).filter(([table]) => !table.startsWith('supabase_migrations.')));
