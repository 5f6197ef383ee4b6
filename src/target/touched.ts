import type pg from 'pg';

const harmless = /^\s*(select|with|show|set|reset|discard|savepoint|release|prepare|deallocate|values|table)\b/i;

/**
 * Watches what is sent to the target, and tells whether any of it can have changed something: the COMMIT of a transaction that was
 * not read-only, or a statement outside of one that does not only read.
 */
export function watchTouch(client: pg.Client): () => boolean {
  let transaction: 'none' | 'read only' | 'open' = 'none';
  let touched = false;
  const see = (text: string) => {
    if (/^\s*begin\b/i.test(text)) transaction = /^[^;]*\bread only\b/i.test(text) ? 'read only' : 'open';
    else if (/^\s*(commit|end)\b/i.test(text)) {
      touched ||= transaction === 'open';
      transaction = 'none';
    } else if (/^\s*rollback\b(?!\s+to\b)/i.test(text)) transaction = 'none';
    else if (transaction === 'none' && !harmless.test(text)) touched = true;
  };
  const query = client.query.bind(client) as (...words: unknown[]) => unknown;
  client.query = ((...words: unknown[]) => {
    const [first] = words;
    const text = typeof first === 'string' ? first : (first as { text?: unknown } | null)?.text;
    // Something else, such as the rows of a COPY, only runs where a transaction is open.
    if (typeof text === 'string') see(text);
    return query(...words);
  }) as typeof client.query;
  return () => touched;
}
