import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { checklist } from '../../src/commands/checklist.ts';
import { status } from '../../src/commands/status.ts';
import type { ErrorCode } from '../../src/error-codes.ts';
import { withClient } from '../../src/target/connection.ts';
import type { TargetFlags } from '../../src/context.ts';
import { runCli } from '../project.ts';
import { type Ended, expectCode, expectUntouched, type Site, sites, urlOf } from './site.ts';

const next = '20260102000000_v0_2_0_next.sql';
const file = `supabase/migrations/${next}`;
const harmless = { [next]: 'create table public.tags (id int primary key);\n', 'supabase/tests/v0.2.0_smoke_test.sql': 'select 1;\n' };
const target: TargetFlags = { env: 'production' };

/** "HH:MM-HH:MM UTC", by hours from now. */
function hours(from: number, to: number): string {
  const at = (hour: number) => new Date(Date.now() + hour * 3_600_000).toISOString().slice(11, 16);
  return `${at(from)}-${at(to)} UTC`;
}
const [open, closed] = [hours(-1, 2), hours(2, 4)];

/** Several calls that must end with that code and leave the target as it is. Gives what each told. */
/** `codes`: of all of them, or one for each. */
async function allUntouched(
  site: Site,
  exitCode: 2 | 3,
  codes: ErrorCode | ErrorCode[],
  runs: (() => Promise<Ended<unknown>>)[],
): Promise<string[]> {
  const told: string[] = [];
  const before = await site.state();
  for (const [index, run] of runs.entries()) told.push(expectCode(await run(), exitCode, [codes].flat()[index] ?? [codes].flat()[0]!).told);
  expect(await site.state()).toEqual(before);
  return told;
}

const settings = (production: string) => ({
  'supabase/supasnap.toml': `[env.staging]\nurl = "env(STAGING_DB_URL)"\n\n[env.production]\nurl = "env(PRODUCTION_DB_URL)"\n${production}\n`,
});

const ref = 'abcdefghijklmnopqrst';
const [password, token] = ['pass-Unique-4711', 'sbp_token-Unique-4712'];

/** The platform's management API, as far as it names a project's pooler. */
async function withPlatform(url: string, use: (base: string) => Promise<void>): Promise<void> {
  const server = createServer(({ url: path, headers }, response) => {
    const known = path === `/v1/projects/${ref}/config/database/pooler`;
    response.statusCode = headers.authorization !== `Bearer ${token}` ? 401 : known ? 200 : 404;
    const replica = { database_type: 'READ_REPLICA', connection_string: 'postgresql://nobody@127.0.0.1:1/postgres' };
    response.end(
      JSON.stringify(
        response.statusCode === 200
          ? [replica, { database_type: 'PRIMARY', pool_mode: 'transaction', connection_string: url }]
          : { message: 'no' },
      ),
    );
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
  }
}

describe('targets', () => {
  const { withBase, server } = sites(17, { bare: true });
  // A pooler's user has the project's ref in its name; here it is a role like any other.
  beforeAll(() =>
    withClient(server().superuser, (client) => client.query(`create role "postgres.${ref}" superuser login password '${password}'`)),
  );

  const poolerOf = ({ database: { host, port, database } }: Site) =>
    `postgresql://postgres.${ref}:[YOUR-PASSWORD]@${host}:${port}/${database}`;
  const linked = { 'supabase/.temp/project-ref': `${ref}\n` };

  test.concurrent('--remote alone is the linked project, with the password of a variable or typed unseen', () =>
    withBase({ ...harmless, ...linked, 'supabase/supasnap.toml': `[env.production]\nref = "${ref}"\nprotected = true\n` }, async (site) => {
      site.project.write('supabase/.temp/pooler-url', poolerOf(site));
      const remote = { target: { remote: 'linked' } };
      const [nobody, wrong, unnamed] = await Promise.all([
        site.run(status, remote),
        site.run(status, { ...remote, environment: { SUPABASE_DB_PASSWORD: 'wrong-4713' } }),
        site.migrate({ ...remote, environment: { SUPABASE_DB_PASSWORD: password } }),
      ]);
      expect(expectCode(nobody, 3, 'login_failed').told).toContain('Set SUPABASE_DB_PASSWORD');
      expect(expectCode(wrong, 1, 'login_failed').told).toContain('Check user and password in SUPABASE_DB_PASSWORD.');
      expect(expectCode(unnamed, 3, 'protected_target').told).toContain('--env production --yes');
      const asked: string[] = [];
      const typed = await site.run(status, {
        ...remote,
        askHidden: (question) => Promise.resolve(asked.push(question) > 0 ? password : ''),
      });
      expect(expectCode(typed, 0).told).toMatch(
        new RegExp(
          `^Target: environment "production", PROTECTED, project ${ref} from supabase/.temp/project-ref \\(linked\\) \\(site_\\d+ at 127.0.0.1:\\d+ as postgres.${ref}, PostgreSQL 17`,
        ),
      );
      expect(asked).toEqual([`Database password of project ${ref}: `]);

      const cli = await runCli('supasnap', ['migrate', '--remote', next, '--yes', '--debug', '--output-format=json'], {
        cwd: site.project.folder,
        env: { SUPABASE_DB_PASSWORD: password },
      });
      expect(cli).toMatchObject({
        exitCode: 3,
        stdout: expect.stringContaining('"code": "protected_target"'),
      });
      const checked = await runCli('db-checklist', [file, '--env', 'production'], {
        cwd: site.project.folder,
        env: { SUPABASE_DB_PASSWORD: password },
      });
      expect(checked).toMatchObject({
        exitCode: 3,
        stdout: expect.stringMatching(/^no {3}Tried locally {5}.*there is no local database yet\n +Next: npx supasnap migrate supabase/m),
      });
      expect(JSON.stringify([cli, checked])).not.toContain(password);
      expect(await site.sql('select version from supabase_migrations.schema_migrations')).toHaveLength(1);
    }));

  test.concurrent('--remote=<ref> asks the platform where the project is, and no answer shows the token', () =>
    withBase(linked, (site) =>
      withPlatform(poolerOf(site), async (base) => {
        const other = 'tsrqponmlkjihgfedcba';
        const variables = (environment: Record<string, string>) => ({
          SUPABASE_API_URL: base,
          SUPABASE_DB_PASSWORD: password,
          ...environment,
        });
        const ask = (remote: string, environment: Record<string, string>) =>
          site.run(status, { target: { remote }, environment: variables(environment) });
        const wrong = 'sbp_wrong-Unique-4714';
        const cli = (given: string, ...words: string[]) =>
          runCli('db-status', [...words, '--debug'], { cwd: site.project.folder, env: variables({ SUPABASE_ACCESS_TOKEN: given }) });
        const said = [await cli(token, '--remote', ref), await cli(wrong, '--remote')];
        expect(said.map(({ exitCode }) => exitCode)).toEqual([0, 1]);
        expect(said[0]!.stderr).toContain(`Target: project ${ref} from --remote (`);
        expect(said[1]!.stderr).toContain('does not accept SUPABASE_ACCESS_TOKEN');
        for (const secret of [password, token, wrong]) expect(JSON.stringify(said)).not.toContain(secret);

        expect(expectCode(await ask('linked', { SUPABASE_ACCESS_TOKEN: token }), 0).told).toContain(
          `Target: project ${ref} from supabase/.temp/project-ref (linked) (`,
        );
        expect(expectCode(await ask(other, { SUPABASE_ACCESS_TOKEN: token }), 1, 'platform_failed').told).toContain(
          `There is no project ${other} that SUPABASE_ACCESS_TOKEN may see.`,
        );
        expect(
          expectCode(await ask(ref, { SUPABASE_ACCESS_TOKEN: token, SUPABASE_API_URL: 'http://example.com' }), 2, 'bad_target').told,
        ).toContain('SUPABASE_API_URL is no https:// URL.');
        expect(
          expectCode(await ask(ref, { SUPABASE_ACCESS_TOKEN: token, SUPABASE_API_URL: 'http://127.0.0.1:1' }), 1, 'platform_failed').told,
        ).toContain(`127.0.0.1:1 did not answer where project ${ref} is.`);
        const nothing = await runCli('db-status', [`--remote=${ref}`], { cwd: site.project.folder });
        expect(nothing).toMatchObject({
          exitCode: 2,
          stderr: expect.stringContaining(
            `--remote="postgresql://postgres.${ref}:<password>@aws-0-<region>.pooler.supabase.com:5432/postgres"`,
          ),
        });
      }),
    ));

  test.concurrent('what "supabase link" saved is used for its own project only, and leads to the platform only', () =>
    withBase({}, async (site) => {
      const run = (environment: Record<string, string> = {}) =>
        site.run(status, { target: { remote: 'linked' }, environment: { SUPABASE_DB_PASSWORD: password, ...environment } });
      expect(expectCode(await run(), 2, 'bad_target').told).toContain('--project-ref <ref>');
      site.project.write('supabase/.temp/project-ref', 'not a ref');
      expect(expectCode(await run(), 2, 'bad_target').told).toContain("supabase/.temp/project-ref does not hold a project's ref.");
      expect(expectCode(await run({ SUPABASE_PROJECT_ID: ref }), 2, 'bad_target').told).toContain('There is no supabase/.temp/pooler-url');
      site.project.write('supabase/.temp/pooler-url', poolerOf(site));
      expect(expectCode(await run({ SUPABASE_PROJECT_ID: ref }), 0).told).toContain(`project ${ref} from SUPABASE_PROJECT_ID (linked)`);
      expect(expectCode(await run({ SUPABASE_PROJECT_ID: 'tsrqponmlkjihgfedcba' }), 2, 'bad_target').told).toContain(
        'supabase/.temp/pooler-url is of another project.',
      );
      site.project.write('supabase/.temp/pooler-url', `postgresql://postgres.${ref}@pooler.example.com:6543/postgres`);
      expect(expectCode(await run({ SUPABASE_PROJECT_ID: ref }), 2, 'bad_target').told).toContain(
        'pooler.example.com, which is no pooler of the platform.',
      );
    }));

  /** A production site, and a staging database beside it; both have the base. */
  const withProduction = (production: string, use: (site: Site, environment: Record<string, string>, staging: Site) => Promise<void>) =>
    withBase({}, (staging) =>
      withBase({ ...harmless, ...settings(production) }, (site) =>
        use(site, { PRODUCTION_DB_URL: urlOf(site.database), STAGING_DB_URL: urlOf(staging.database) }, staging),
      ),
    );

  test.concurrent('an environment that is protected asks for its name even before a harmless migration; another answer changes nothing', () =>
    withProduction('protected = true', async (site, environment) => {
      const asked: string[] = [];
      const answer = (text: string) => (question: string) => {
        asked.push(question);
        return Promise.resolve(text);
      };
      const told = await expectUntouched(site, 3, 'not_confirmed', () =>
        site.migrate({ target, environment, yes: false, ask: answer('yes') }),
      );
      expect(told).toMatch(
        /^Target: environment "production", PROTECTED, database from PRODUCTION_DB_URL \(site_\d+ at 127.0.0.1:\d+ as postgres, PostgreSQL 17/,
      );
      expect(told).toContain('You did not confirm.');
      expect(asked.at(-1)).toContain("Type the target's name (production)");
      expectCode(await site.migrate({ target, environment, yes: false, ask: answer('production') }), 0);
      expect(await site.sql(`select environment from supabase_migrations.supasnap_runs order by id desc limit 1`)).toEqual([
        { environment: 'production' },
      ]);
      expect(site.project.read('supabase/docs/MIGRATIONS.md')).toContain('- **Environment**: `production`');
    }));

  test.concurrent('an environment that is protected is known by its address, and without a terminal --yes is enough only with --env', () =>
    withProduction('protected = true', async (site, environment) => {
      const byUrl = { environment: { ...environment, DATABASE_URL: environment.PRODUCTION_DB_URL! }, target: {} };
      const [refused] = await allUntouched(
        site,
        3,
        ['protected_target', 'protected_target', 'not_confirmed', 'protected_target'],
        [
          () => site.migrate(byUrl),
          () => site.migrate({ environment, target: { remote: environment.PRODUCTION_DB_URL! } }),
          () => site.migrate({ environment, target, yes: false }),
          () => site.rollback({ ...byUrl, steps: 1 }),
        ],
      );
      expect(refused).toContain('Target: environment "production", PROTECTED, database from DATABASE_URL');
      expect(refused).toContain('--env production --yes');
      expect(refused).not.toContain('Rehearsing');
    }));

  test.concurrent('an environment whose window is closed is not migrated; with --override it is, and history and MIGRATIONS.md have the reason; a rollback is never stopped', () =>
    withProduction(`window = "${closed}"`, async (site, environment) => {
      // A history that an earlier version made.
      await site.sql('alter table supabase_migrations.supasnap_runs drop column override_reason');
      const refused = await expectUntouched(site, 3, 'outside_window', () => site.migrate({ target, environment }));
      expect(refused).toMatch(/it opens at \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
      expect(refused).not.toContain('Rehearsing');
      await allUntouched(
        site,
        2,
        'wrong_arguments',
        ['', '   ', '--yes', next].map((override) => () => site.migrate({ target, environment, override })),
      );
      const dry = expectCode(await site.migrate({ target, environment, dryRun: true }), 0);
      expect(dry.told).toContain('The deployment window of production is closed.');
      expectCode(await site.migrate({ target, environment, override: 'the disk\n fills up' }), 0);
      expect(await site.sql('select override_reason from supabase_migrations.supasnap_runs order by id desc limit 1')).toEqual([
        { override_reason: 'the disk fills up' },
      ]);
      expect(site.project.read('supabase/docs/MIGRATIONS.md')).toContain('- **Outside its deployment window**: the disk fills up\n');
      expectCode(await site.rollback({ target, environment, steps: 1 }), 0);
      expect(
        await site.sql(
          `select to_regclass('public.tags') as tags, kind, environment from supabase_migrations.supasnap_runs order by id desc limit 1`,
        ),
      ).toEqual([{ tags: null, kind: 'rollback', environment: 'production' }]);
    }));

  test.concurrent('an environment whose window is open is migrated, and a reason that was not needed is not recorded; one that closes meanwhile stops it', () =>
    withProduction(`window = ["${closed}", "${open}"]`, async (site, environment) => {
      expect(expectCode(await site.migrate({ target, environment, override: 'just in case' }), 0).told).toContain(
        'is not needed, and not recorded',
      );
      expect(await site.sql('select override_reason from supabase_migrations.supasnap_runs order by id desc limit 1')).toEqual([
        { override_reason: null },
      ]);
      // The plan is shown, a person thinks for long, and the window is another then: the settings stand for the clock.
      site.project.write('supabase/migrations/20260103000000_v0_3_0_more.sql', 'create table public.more (id int);\n');
      const late = await expectUntouched(site, 3, 'outside_window', () =>
        site.run(
          async (context) => {
            const { migrate } = await import('../../src/commands/migrate.ts');
            const { windows } = context.config.settings.environments.find(({ name }) => name === 'production')!;
            const ask = () => {
              windows.splice(1, 1);
              return Promise.resolve('y');
            };
            return migrate({ ...context, yes: false, ask }, {});
          },
          { target, environment },
        ),
      );
      expect(late).toContain('20260103000000_v0_3_0_more.sql was not applied.');
    }));

  test.concurrent('an environment that requires another takes only what was applied and tested there, with that content, and not rolled back since', () =>
    withProduction('requires = ["staging"]', async (site, environment) => {
      const untested = 'supabase/migrations/20260103000000_v0_3_0_untested.sql';
      site.project.write(untested, 'create table public.untested (id int);\n');
      const onStaging = { target: { env: 'staging' }, environment };
      const toProduction = async (variables = environment) =>
        expectCode(await site.migrate({ target, environment: variables, files: [file] }), 3, 'not_promoted').told;
      const before = await site.state();

      const never = await toProduction();
      expect(never).toContain(`${file} was never applied there.`);
      expect(never).toContain('npx supasnap migrate --env staging');
      expect(never).not.toContain('Rehearsing');

      // Both databases have this project's files: staging is migrated from it too.
      expectCode(await site.migrate(onStaging), 0);
      const text = site.project.read(file);
      site.project.write(file, `-- a comment\n${text}`);
      expect(await toProduction()).toContain(`${file} was applied there with another content`);
      site.project.write(file, text);
      const both = expectCode(await site.migrate({ target, environment }), 3, 'not_promoted').told;
      expect(both).toContain(`${untested} was applied there without a smoke test.`);
      expect(both).not.toContain(`${file} was`);

      const unreachable = await toProduction({ ...environment, STAGING_DB_URL: 'postgresql://postgres:secret-4711@127.0.0.1:1/postgres' });
      expect(unreachable).toContain('Whether it was applied on staging is not known: Nothing answers at 127.0.0.1:1.');
      expect(unreachable).not.toContain('secret-4711');
      expect(await toProduction({ PRODUCTION_DB_URL: environment.PRODUCTION_DB_URL! })).toContain('STAGING_DB_URL is not set');
      expect(await toProduction({ ...environment, STAGING_DB_URL: environment.PRODUCTION_DB_URL! })).toContain('lead to the same database');
      expect(await site.state()).toEqual(before);

      expectCode(await site.migrate({ target, environment, files: [file] }), 0);
      expect(await site.sql(`select to_regclass('public.tags')::text as tags`)).toEqual([{ tags: 'tags' }]);
      expectCode(await site.rollback({ ...onStaging, steps: 1 }), 0);
      expect(expectCode(await site.migrate({ target, environment }), 3, 'not_promoted').told).toContain(
        `${untested} was rolled back there on `,
      );
    }));

  test.concurrent('all that an environment misses is told at once', () =>
    withProduction(`requires = ["staging"]\nwindow = "${closed}"`, async (site, environment) => {
      const [told, overridden] = await allUntouched(
        site,
        3,
        ['outside_window', 'not_promoted'],
        [() => site.migrate({ target, environment }), () => site.migrate({ target, environment, override: 'it burns' })],
      );
      expect(told).toContain('The deployment window of production is closed.');
      expect(told).toContain('production requires staging');
      expect(overridden).toContain('production requires staging');
    }));

  test.concurrent('an environment has a checklist: each item yes or no, since when, and what comes next', () =>
    withProduction(`requires = ["staging"]\nwindow = "${open}"\nprotected = true`, async (site, environment) => {
      const list = async () => expectCode(await site.run((context) => checklist(context, file), { target, environment }), 0).value!;
      const answers = async () => Object.fromEntries((await list()).items.map(({ item, ok }) => [item, ok]));
      const before = await site.state();
      expect(await answers()).toEqual({
        'Tried locally': false,
        'Applied on staging': false,
        'Snapshot taken': true,
        'Rollback proven': false,
        'Smoke test passed': false,
        'Window open': true,
      });
      expect((await list()).ready).toBe(false);
      expect((await list()).items.map(({ next }) => next)).toContain(`npx supasnap migrate ${file} --env staging`);
      const unknown = expectCode(
        await site.run((context) => checklist(context, file), {
          target,
          environment: { PRODUCTION_DB_URL: environment.PRODUCTION_DB_URL! },
        }),
        0,
      ).value!.items[1]!;
      expect(unknown).toMatchObject({
        ok: false,
        text: expect.stringContaining('STAGING_DB_URL is not set'),
        next: expect.stringContaining('Set STAGING_DB_URL'),
      });
      expect(await site.state()).toEqual(before);

      expectCode(await site.migrate({ target: { env: 'staging' }, environment }), 0);
      await site.sql('create table public.by_hand (id int)');
      expect(await answers()).toEqual({
        'Tried locally': false,
        'Applied on staging': true,
        'Snapshot taken': false,
        'Rollback proven': true,
        'Smoke test passed': true,
        'Window open': true,
      });
      expectCode(await site.migrate({ target, environment, yes: false }), 3, 'not_confirmed');
      expect((await answers())['Snapshot taken']).toBe(true);
      for (const { ok, when } of (await list()).items) expect(when === null).toBe(ok !== true);
    }));

  test.concurrent('an environment is named by --env alone: mistakes in the words say what was meant', () =>
    withBase(settings(''), async (site) => {
      const mistakes: [TargetFlags, ErrorCode, string][] = [
        [{ env: 'prodction' }, 'bad_target', 'Did you mean --env production?'],
        [{ env: 'production', remote: 'linked' }, 'wrong_arguments', '--remote and --env'],
        [{ env: 'production', embedded: true }, 'wrong_arguments', '--embedded and --env'],
        [{ remote: 'production' }, 'bad_target', 'Did you mean --env production?'],
        [{ remote: '' }, 'bad_target', 'a variable in it is not set'],
      ];
      const told = await allUntouched(
        site,
        2,
        mistakes.map(([, code]) => code),
        mistakes.map(
          ([flags]) =>
            () =>
              site.run(status, { target: flags }),
        ),
      );
      for (const [index, [, , fact]] of mistakes.entries()) expect(told[index]).toContain(fact);
    }));
});
