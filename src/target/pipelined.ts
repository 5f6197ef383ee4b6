import type pg from 'pg';

/**
 * While `use` runs, the client sends each query at once instead of after the answer to the one before: what is asked without waiting in between
 * takes one round trip. `use` has to wait for all that it asked, also when it fails.
 */
export async function pipelined<T>(client: pg.Client, use: () => Promise<T>): Promise<T> {
  const switched = client as { pipeline: boolean };
  switched.pipeline = true;
  try {
    return await use();
  } finally {
    switched.pipeline = false;
  }
}
