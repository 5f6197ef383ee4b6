import pg from 'pg';

/** Whether the server said no to a statement; a lost connection or a cancelled run is something else. */
export const isRefusal = (error: unknown): error is pg.DatabaseError => error instanceof pg.DatabaseError && !/^(08|57P|58|F0)/.test(error.code ?? '');
