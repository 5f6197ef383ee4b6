/** A scheduled job of pg_cron. */
export interface Job {
  /** Its number; only the database itself knows it. */
  id: string;
  name: string | null;
  schedule: string;
  command: string;
  database: string;
  username: string;
  active: boolean;
}

/** A queue of pgmq. */
export interface Queue {
  name: string;
  unlogged: boolean;
  partitioned: boolean;
  /** How a partitioned one is cut, as pg_partman has it. */
  partitions?: { interval: string; retention: string | null };
  /** Of its queue table, and of its archive where there is one. */
  access: QueueAccess[];
}

/** Who may do what with a table of a queue. */
export interface QueueAccess {
  /** In schema pgmq. */
  table: string;
  rowSecurity: boolean;
  /** As in pg_class.relacl, in order; null where nothing was granted or revoked yet. */
  grants: string[] | null;
  policies: string[];
}

/** What users make of the platform's jobs and queues; undefined where the extension is not there. */
export interface PlatformRows {
  jobs?: Job[];
  queues?: Queue[];
}

/** How a kind of them is told apart, and what can be changed of one. */
export interface Kind<T> {
  /** Whether both are the same one, maybe changed. */
  same: (a: T, b: T) => boolean;
  /** Whether one that was made anew is likely to be the other, where nothing tells them apart for sure. */
  like?: (a: T, b: T) => boolean;
  fields: readonly (keyof T)[];
}

export const jobs: Kind<Job> = {
  same: (a, b) => a.name === b.name && (a.id === b.id || (a.name !== null && a.username === b.username)),
  like: (a, b) => a.name === null && b.name === null && a.username === b.username && (a.command === b.command || a.schedule === b.schedule),
  fields: ['schedule', 'command', 'database', 'username', 'active'],
};

export const queues: Kind<Queue> = { same: (a, b) => a.name === b.name, fields: ['unlogged', 'partitioned', 'partitions', 'access'] };

/** Not what it runs: that may hold a secret. */
export const jobName = ({ name, schedule }: Pick<Job, 'name' | 'schedule'>): string => name ?? `without a name (${schedule})`;

/** The table in schema pgmq that holds the messages of a queue, and the one of its archive. */
export const queueTables = (name: string): [queue: string, archive: string] => [`q_${name.toLowerCase()}`, `a_${name.toLowerCase()}`];
