import pg from 'pg';

/** Runs one statement in a savepoint: when the server says no, the transaction goes on as if nothing had been sent, and the error is thrown. */
export async function attempt(client: pg.Client, sql: string): Promise<(string | null)[][]> {
  try {
    const results = await client.query({
      text: `savepoint supasnap_attempt; ${sql}; release savepoint supasnap_attempt`,
      rowMode: 'array',
    });
    return (results as unknown as pg.QueryResult<(string | null)[]>[])[1]!.rows;
  } catch (error) {
    await client.query('rollback to savepoint supasnap_attempt');
    throw error;
  }
}

/** The same, but undefined where the server says no. */
export const attemptOrNot = (client: pg.Client, sql: string): Promise<(string | null)[][] | undefined> =>
  attempt(client, sql).catch((error: unknown) => {
    if (!isRefusal(error)) throw error;
    return undefined;
  });

/** Whether the server said no to a statement; a lost connection or a cancelled run is something else. */
export const isRefusal = (error: unknown): error is pg.DatabaseError =>
  error instanceof pg.DatabaseError && !/^(08|57P|57014|58|F0)/.test(error.code ?? '');
