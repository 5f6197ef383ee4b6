import { basename, join } from 'node:path';
import type { Context } from '../context.ts';
import { readHistory } from '../history/history.ts';
import { listMigrations } from '../migration/read.ts';
import { updateMigrationsFile } from '../report/write.ts';
import type { TargetSession } from '../target/session.ts';

/** Writes supabase/docs/MIGRATIONS.md anew from the target's history. */
export async function updateReport(context: Context, session: TargetSession): Promise<void> {
  const { applied, runs } = await readHistory(session.client);
  const { migrations } = await listMigrations(context.config.folders.migrations);
  await updateMigrationsFile(join(context.config.folders.docs, 'MIGRATIONS.md'), {
    runs,
    applied,
    local: migrations.map(({ path, name }) => ({
      version: name.version,
      fileName: basename(path),
      release: name.release,
      description: name.description,
    })),
  });
}
