import { refused } from '../errors.ts';
import { onShadow, type Shadow } from '../shadow/shadow.ts';
import { clusterCheck } from '../snapshot/catalog-check.ts';
import { runBatches, timeoutStatements, type Timeouts } from './execute.ts';
import type { Script } from './script.ts';

/** On a shared server, whether the file touches roles or other things of the whole cluster: tried and rolled back. */
export async function changesCluster(shadow: Shadow, script: Script, timeouts: Timeouts): Promise<boolean> {
  if (script.execution.mode === 'outside') {
    const dangerous = script.statements.find(
      ({ kind }) => /Role|Database|TableSpace|AlterSystem/.test(kind) || kind === 'DoStmt' || kind === 'CallStmt',
    );
    if (dangerous) {
      throw refused(
        'shadow_failed',
        `${dangerous.where.replace(/^l/, 'L')} may change the whole server, so it can't be rehearsed on a scratch database of it.`,
        {
          state: 'Nothing was changed.',
          next: 'Give a database of another server with --shadow <url>, or move that statement to a migration of its own.',
        },
      );
    }
    return false;
  }
  const { batches } = script.execution;
  return onShadow(shadow, async (client) => {
    await client.query(`begin; ${timeoutStatements(timeouts)}`);
    try {
      const before = await clusterCheck(client);
      await runBatches(client, script, batches, {
        state: 'It failed in the rehearsal. The target was not touched.',
        next: 'Correct the file and run the same command again.',
      });
      return (await clusterCheck(client)) !== before;
    } finally {
      await client.query('rollback').catch(() => {});
    }
  });
}
