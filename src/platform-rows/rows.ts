import type { Job, Queue } from '../snapshot/jobs-and-queues.ts';

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
