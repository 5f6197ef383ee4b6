import { chmodSync, readFileSync } from 'node:fs';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { findCli } from '../../src/advice/find-cli.ts';
import { runAdvisors } from '../../src/advice/run-advisors.ts';
import { withProject } from '../project.ts';

const database = { host: '127.0.0.1', port: 1, user: 'some one', password: 'secret-word', database: 'shadow' };

/** Runs a script in the place of the CLI. */
const ask = (script: string, look: (result: Awaited<ReturnType<typeof runAdvisors>>, folder: string) => unknown, timeoutMs = 20_000) =>
  withProject({ 'node_modules/.bin/supabase': `#!/bin/sh\n${script}\n` }, async ({ folder, path }) => {
    chmodSync(path('node_modules/.bin/supabase'), 0o755);
    await look(
      await runAdvisors({
        cli: findCli(path('supabase/migrations'), undefined)!,
        database,
        folder,
        environment: { PATH: process.env.PATH, SUPABASE_DB_PASSWORD: 'another' },
        timeoutMs,
      }),
      folder,
    );
  });

test('a CLI that hangs is ended with all that it started', async () => {
  await ask(
    'sleep 300 & echo $! > "$SUPABASE_HOME.pid"; wait',
    async (result, folder) => {
      expect(result).toEqual({ failure: 'it did not answer within 0.5 s' });
      const pid = readFileSync(`${folder}/home.pid`, 'utf8').trim();
      await expect.poll(async () => (await execa('ps', ['-o', 'stat=', '-p', pid], { reject: false })).stdout).toMatch(/^Z?$|^Z/);
    },
    500,
  );
});

test.each([
  ['says something else', 'echo "0 problems"', 'it ended with 0'],
  ['is killed', 'kill -9 $$', 'it ended with SIGKILL'],
  ['is too old', 'echo "unknown command: advisors" >&2; exit 1', 'unknown command: advisors'],
  [
    'says in JSON what is wrong',
    `echo '{"_tag":"Error","error":{"code":"X","message":"role \\"anon\\" does not exist"}}'; exit 1`,
    'role "anon" does not exist',
  ],
])('a CLI that %s gives its reason', async (_what, script, failure) => {
  await ask(script, (result) => expect(result).toEqual({ failure }));
});

test("the password is in the environment alone, and nothing of the user's that leads elsewhere", async () => {
  await ask('env > "$SUPABASE_HOME.env"; echo "$*" > "$SUPABASE_HOME.words"; echo \'{"results":[]}\'', (result, folder) => {
    expect(result).toEqual([]);
    const environment = readFileSync(`${folder}/home.env`, 'utf8');
    expect(environment).toContain('PGPASSWORD=secret-word');
    expect(environment).not.toContain('another');
    const words = readFileSync(`${folder}/home.words`, 'utf8');
    expect(words).toContain('--remote=postgresql://some%20one@127.0.0.1:1/shadow');
    expect(words).not.toContain('secret-word');
  });
});
