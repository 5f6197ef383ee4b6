import type { Context } from '../context.ts';
import type { ConnectionSettings } from './connection.ts';

/** Keeps a password out of all that is shown. What is also a name that is shown, or known to all, would only blot out the names. */
export function maskPassword({ secret }: Pick<Context, 'secret'>, { password, user, database }: ConnectionSettings): void {
  if (password && ![user, database, 'postgres'].includes(password)) secret(password);
}
