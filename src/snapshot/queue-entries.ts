import { joinDump, splitDump, titleOf, type DumpParts } from './canonical-entries.ts';

/**
 * A dump without what stands in it about tables of pgmq's queues: grants and policies alone, for their tables belong to the extension. A queue is no part of the
 * schema (src/platform-rows). Where a dump makes such a table, it is one of users'.
 */
export function withoutQueueEntries(dump: DumpParts): DumpParts {
  const titles = dump.entries.map(({ header }) => titleOf(header));
  if (!titles.some(({ schema }) => schema === 'pgmq')) return dump;
  const own = new Set(titles.flatMap(({ type, schema, name }) => (type === 'TABLE' && schema === 'pgmq' ? [name] : [])));
  const entries = dump.entries.filter((_, at) => {
    const { schema, name } = titles[at]!;
    const table = schema === 'pgmq' ? /^(?:TABLE |COLUMN )?"?([qa]_[^ ."]*)/.exec(name)?.[1] : undefined;
    return table === undefined || own.has(table);
  });
  return { ...dump, entries };
}

export const withoutQueues = (sql: string): string => (sql.includes('Schema: pgmq;') ? joinDump(withoutQueueEntries(splitDump(sql))) : sql);
