import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import type { Context } from '../context.ts';
import { failed, refused, usage } from '../errors.ts';
import { readCopies, type KeptCopy } from '../kept/copies.ts';
import { csvOf } from '../kept/export.ts';
import { readOnly } from '../kept/read-only.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import { withTarget } from '../target/session.ts';
import { copyName } from './kept-table.ts';

export interface ExportOptions {
  /** The number of the copy. */
  id: string;
  /** A file, or where to write to instead; none: kept_<id>_<schema>.<table>.csv in the working directory. */
  to?: string | Writable;
}

export interface Exported {
  target: string;
  id: number;
  table: { schema: string; name: string };
  rows: number;
  /** Absolute; undefined when it was written elsewhere than to a file. */
  file?: string;
}

/** Writes a copy as CSV (RFC 4180), a few thousand rows at a time. A file is whole or not there, only its owner can read it, and none is ever overwritten. */
export async function exportKept(context: Context, { id, to }: ExportOptions): Promise<Exported> {
  if (!/^\d+$/.test(id))
    throw usage('wrong_arguments', `kept export takes the number of a copy, not "${id}".`, {
      state: 'Nothing was written.',
      next: 'The numbers: npx supasnap kept list',
    });
  return withTarget(
    context,
    async ({ client, target }) => {
      const { lockTimeoutMs } = context.config.settings;
      // A transaction of its own: a long export must not hold the list, which the next migrate writes.
      const copies = (await readOnly(client, lockTimeoutMs, () => readCopies(client))) ?? [];
      const copy = copies.find((one) => one.id === Number(id));
      if (!copy) throw unknown(id, copies, target.name);
      const result = { target: target.name, id: copy.id, table: copy.table };
      if (to !== undefined && typeof to !== 'string') return { ...result, rows: await writeTo(client, lockTimeoutMs, copy, to) };
      const file = resolve(to ?? fileName(copy));
      if (existsSync(file)) throw exists(file);
      return { ...result, rows: await writeFile(client, lockTimeoutMs, copy, file), file };
    },
    'read',
  );
}

/** What a file system may not take in a name becomes `_`. */
const fileName = ({ id, table }: KeptCopy) => `kept_${id}_${table.schema}.${table.name}.csv`.replaceAll(/[^\p{L}\p{M}\p{N}._-]/gu, '_');

async function writeFile(client: pg.Client, lockTimeoutMs: number, copy: KeptCopy, file: string): Promise<number> {
  let rows = 0;
  const lines = () => csvOf(client, copy, (more) => (rows += more));
  try {
    await readOnly(client, lockTimeoutMs, () => writeFileAtomic(file, lines(), { mode: 0o600 }));
  } catch (error) {
    throw (error as { code?: string }).code === 'EEXIST' ? exists(file) : error;
  }
  return rows;
}

async function writeTo(client: pg.Client, lockTimeoutMs: number, copy: KeptCopy, stream: Writable): Promise<number> {
  let rows = 0;
  try {
    await readOnly(client, lockTimeoutMs, () =>
      pipeline(Readable.from(csvOf(client, copy, (more) => (rows += more))), stream, { end: false }),
    );
  } catch (error) {
    if ((error as { code?: string }).code !== 'EPIPE') throw error;
    throw failed('write_failed', `What reads the rows of ${copyName(copy)} stopped reading.`, {
      state: 'Nothing was changed; the output is not complete.',
      cause: error,
    });
  }
  return rows;
}

const exists = (file: string) =>
  refused('file_exists', `${relative(process.cwd(), file) || 'The folder that you are in'} exists already.`, {
    state: 'It was left as it is.',
    next: 'Name another file with --out <file>.',
  });

function unknown(id: string, copies: KeptCopy[], target: string) {
  const ids = copies.map((copy) => copy.id);
  const shown = ids.length > 20 ? `… ${ids.slice(-20).join(', ')}` : ids.join(', ');
  return usage('copy_missing', `There is no kept copy ${id} on ${target}.`, {
    detail: [ids.length > 0 ? `There ${ids.length === 1 ? 'is' : 'are'}: ${shown}` : 'Nothing is kept there.'],
    state: 'Nothing was written.',
    next: 'What is kept: npx supasnap kept list',
  });
}
