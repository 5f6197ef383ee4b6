import type { Context } from '../context.ts';
import type { PutBackReport } from '../kept/put-back.ts';
import { count } from './text.ts';

/** Says what came of the kept rows of one table. */
export function tellReturned(
  { report }: Context,
  { table, returned, removed, newer, uncertain, unmatched, inUse = 0, told }: PutBackReport,
): void {
  if (told) {
    for (const line of told) report.step(`  ${line}`);
    return;
  }
  const rows = (number: number) => count(number, 'row');
  if (returned > 0) report.step(`  ${table}: ${rows(returned)} put back`);
  if (removed > 0) report.step(`  ${table}: ${rows(removed)} that this undoes removed; kept`);
  if (newer > 0) report.warn(`  ${table}: in ${rows(newer)} users changed values since; those stay, and the old ones are kept`);
  if (inUse > 0)
    report.warn(
      `  ${table}: ${count(inUse, 'bucket')} of the migration ${inUse === 1 ? 'stays, for it holds' : 'stay, for they hold'} files, which no copy could bring back. To remove ${inUse === 1 ? 'it' : 'one'}: empty it in the dashboard, then delete it there`,
    );
  if (uncertain > 0)
    report.warn(
      `  ${table}: ${rows(uncertain)} not put back, for others use the key or another value that must be unique; kept. What points to such a key points to the row that has it now`,
    );
  if (unmatched > 0) report.warn(`  ${table}: ${rows(unmatched)} can't be told apart without a key, so the values were not put back; kept`);
}
