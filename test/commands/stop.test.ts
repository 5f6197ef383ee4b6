import { expect, test } from 'vitest';
import { runningServers } from '../../src/commands/embedded-servers.ts';
import { withClient } from '../../src/target/connection.ts';
import { isAlive } from '../../src/target/embedded/postmaster.ts';
import { startEmbedded } from '../../src/target/embedded/server.ts';
import { errorOf, runCli, withProject, type Project } from '../project.ts';

const start = (project: Project, name: string) =>
  startEmbedded({ major: 17, stateFolder: project.path('.supasnap'), name, searchFrom: [process.cwd()], settings: { fsync: 'off' } });

test('stop ends the embedded servers of this project; their data stays, and a session at work is a reason to refuse', async () => {
  await withProject({}, async (project) => {
    const stop = (...words: string[]) => runCli('db-stop', words, { cwd: project.folder });
    expect(await stop()).toEqual({ exitCode: 0, stdout: 'No embedded PostgreSQL of this project is running.', stderr: '' });
    expect(project.exists('.supasnap')).toBe(false);

    const target = await start(project, 'target');
    await start(project, 'shadow-17');
    await withClient(target.superuser, (client) => client.query('create table kept as select 42 as answer'));
    const running = runningServers(project.path('.supasnap'));
    expect(running.map(({ name }) => name)).toEqual(['shadow-17', 'target']);

    await withClient(target.superuser, async (runner) => {
      await runner.query('select pg_advisory_lock(5201026211500)');
      const refused = await stop('--output-format=json');
      expect(refused.exitCode).toBe(3);
      expect(errorOf(refused)).toMatchObject({ code: 'locked', message: expect.stringContaining('"target"') });
      expect(running.every(({ pid }) => isAlive(pid))).toBe(true);
    });

    const stopped = await stop();
    expect(stopped.exitCode).toBe(0);
    expect(stopped.stdout).toContain(`Stopped the embedded PostgreSQL "shadow-17" (port ${running[0]!.port}). Its data stays.`);
    expect(stopped.stdout).toContain('Stopped the embedded PostgreSQL "target"');
    expect(running.some(({ pid }) => isAlive(pid))).toBe(false);

    const again = await start(project, 'target');
    expect((await withClient(again.superuser, (client) => client.query('select answer from kept'))).rows).toEqual([{ answer: 42 }]);
    expect(JSON.parse((await stop('--output-format', 'json')).stdout)).toEqual({
      stopped: [{ name: 'target', port: again.port, sessions: 0 }],
    });
  });
});
