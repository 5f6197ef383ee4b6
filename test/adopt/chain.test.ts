import { expect, test } from 'vitest';
import { rollbackChain } from '../../src/commands/rollback-chain.ts';
import type { Run } from '../../src/history/history.ts';
import { withProject } from '../project.ts';

const run = (progress: unknown) => ({ kind: 'migrate', version: '1', rollbackSql: 'drop table a;\n', progress }) as Run;
const takenOver = run({ keeps: 'elsewhere', by: 'dbmate', table: 'public.schema_migrations' });

test('a way back that came from another tool counts as long as its file is there; without it one is planned', () =>
  withProject({ 'supabase/rollback/1_rollback.sql': 'drop table b;\n' }, async ({ folder, path }) => {
    const chain = (runs: Run[], rollbacks = path('supabase/rollback')) => rollbackChain(rollbacks, folder, ['1'], runs);
    expect(await chain([takenOver])).toEqual([
      { version: '1', file: 'supabase/rollback/1_rollback.sql', text: 'drop table b;\n', byHand: true },
    ]);
    expect(await chain([takenOver], path('nowhere'))).toBeUndefined();
    // One that was proven here before is kept in the target, for machines that have no files.
    expect(await chain([run(null)], path('nowhere'))).toEqual([
      { version: '1', file: 'nowhere/1_rollback.sql', text: 'drop table a;\n', byHand: true },
    ]);
    expect(await chain([takenOver, run(null)], path('nowhere'))).toHaveLength(1);
  }));
