import pg from 'pg';
import type { Statement } from '../migration/statements.ts';
import type { ServerError } from '../sql-error.ts';

/** What of the driver's connection speaks COPY; its types leave that out. */
interface CopyConnection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

const chunkSize = 1_000_000;

/** Runs COPY … FROM stdin and sends the rows, as psql does. Rejects with the server's error. */
export function copyRows(client: pg.ClientBase, sql: string, rows: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const query = new pg.Query(sql);
    Object.assign(query, {
      handleCopyInResponse(connection: CopyConnection) {
        const bytes = Buffer.from(rows);
        for (let sent = 0; sent < bytes.length; sent += chunkSize) connection.sendCopyFromChunk(bytes.subarray(sent, sent + chunkSize));
        connection.endCopyFrom();
      },
    });
    query.on('end', () => resolve());
    query.on('error', reject);
    client.query(query);
  });
}

/** The line of the rows that the server's error speaks of; undefined where it speaks of none. */
export function badRow(
  { text }: { text: string },
  { data }: Statement,
  { where }: ServerError,
): { start: number; end: number } | undefined {
  const line = data && /^COPY .*?, line (\d+)/m.exec(where ?? '')?.[1];
  if (!line) return undefined;
  let start = data.from;
  for (let at = 1; at < Number(line); at++) {
    const next = text.indexOf('\n', start) + 1;
    if (next === 0 || next > data.to) return undefined;
    start = next;
  }
  const lineEnd = text.indexOf('\n', start);
  return { start, end: lineEnd < 0 ? data.to : lineEnd };
}
