import type pg from 'pg';
import type { Statement } from '../migration/statements.ts';

/**
 * Makes the extension pgTAP in the transaction that is open, as `supabase test db` does before it runs a file, where the server has it and the
 * database does not. Where that fails, the test says what it lacks.
 */
export async function providePgtap(client: pg.ClientBase, statements: Statement[]): Promise<void> {
  if (statements.some(makesItAnew)) return;
  const { rows } = await client.query<{ schema: boolean }>(
    `SELECT to_regnamespace('extensions') IS NOT NULL AS schema FROM pg_catalog.pg_available_extensions WHERE name = 'pgtap' AND installed_version IS NULL`,
  );
  if (!rows[0]) return;
  await client.query('SAVEPOINT supasnap_pgtap');
  try {
    await client.query(`CREATE EXTENSION pgtap${rows[0].schema ? ' WITH SCHEMA extensions' : ''}`);
  } catch {
    await client.query('ROLLBACK TO SAVEPOINT supasnap_pgtap');
  }
}

/** CREATE EXTENSION without IF NOT EXISTS fails where the extension is there. */
const makesItAnew = ({ node }: Statement) =>
  'CreateExtensionStmt' in node && node.CreateExtensionStmt.extname === 'pgtap' && !node.CreateExtensionStmt.if_not_exists;
