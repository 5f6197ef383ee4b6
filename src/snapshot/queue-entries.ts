import { joinDump, splitDump, titleOf, type DumpParts } from './canonical-entries.ts';

/** Whether a table or sequence of schema pgmq is one of a queue: `q_mail`, its archive `a_mail`, `q_mail_msg_id_seq`. */
export const isQueueTable = (name: string): boolean => /^[qa]_/.test(name);

/** A dump without the tables of pgmq's queues and what is on them: a queue is no part of the schema (src/platform-rows). */
export function withoutQueueEntries(dump: DumpParts): DumpParts {
  const titles = dump.entries.map(({ header }) => titleOf(header));
  if (!titles.some(({ type, name }) => type === 'EXTENSION' && name === 'pgmq')) return dump;
  return {
    ...dump,
    entries: dump.entries.filter(
      (_, at) =>
        titles[at]!.schema !== 'pgmq' ||
        !/^(?:(?:TABLE|COLUMN|SEQUENCE|INDEX|CONSTRAINT|POLICY|TRIGGER) )?"?(?:[qa]_|archived_at_idx_)/.test(titles[at]!.name),
    ),
  };
}

export const withoutQueues = (sql: string): string => (sql.includes('Schema: pgmq;') ? joinDump(withoutQueueEntries(splitDump(sql))) : sql);
