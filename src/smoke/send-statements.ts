import pg from 'pg';
import type { ServerError } from '../sql-error.ts';

/** What came back from several statements that were sent in one message. */
export interface Reply {
  /** How many statements were completed; the one after them is the one that failed. */
  completed: number;
  /** Lines of every result with a single column of text, in order. */
  lines: string[];
  /** The server's error that ended them. Its position counts in the text that was sent. */
  error?: ServerError;
}

/**
 * Sends SQL text as one message (one round trip, however many statements) and collects its lines of text.
 * Rejects when the connection is lost; an error of the SQL is part of the reply.
 */
export function sendStatements(client: pg.ClientBase, text: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const reply: Reply = { completed: 0, lines: [] };
    const query = new pg.Query({ text, rowMode: 'array' } as pg.QueryArrayConfig);
    countCompleted(query, reply);
    query.on('row', (row: unknown[]) => {
      if (row.length === 1 && typeof row[0] === 'string') reply.lines.push(...row[0].split(/\r?\n/));
    });
    query.on('end', () => resolve(reply));
    query.on('error', (error: Error) => {
      if (isStatementError(error)) resolve({ ...reply, error });
      else reject(error);
    });
    client.query(query);
  });
}

/** The driver tells of rows and of the end, but not of statements that give no rows; so its handler is listened to. */
function countCompleted(query: object, reply: Reply): void {
  const handler = query as { handleCommandComplete: (...message: unknown[]) => void };
  const original = handler.handleCommandComplete;
  handler.handleCommandComplete = function count(...message) {
    reply.completed++;
    original.apply(this, message);
  };
}

/** An administrator's shutdown and the like end the connection; they are no finding of the test. */
const isStatementError = (error: Error): error is Error & ServerError =>
  error instanceof pg.DatabaseError && !/^(57P|08)/.test(error.code ?? '57P');
