import type { ConnectionSettings } from './connection.ts';
import { isLocalHost } from './url.ts';

type Address = Pick<ConnectionSettings, 'host' | 'port' | 'user' | 'database'>;

/** The project behind an address of the hosted platform: its poolers have the ref in the user's name, its own host in the host's. */
export function refOf({ host, user }: Pick<Address, 'host' | 'user'>): string | undefined {
  return /^db\.([a-z]{20})\.supabase\.co$/.exec(host)?.[1] ?? /^[^.]+\.([a-z]{20})$/.exec(user)?.[1];
}

/** Whether two addresses lead to one database, as far as addresses tell: all projects of a region share one pooler's host. */
export function isSameDatabase(a: Address, b: Address): boolean {
  const [one, other] = [refOf(a), refOf(b)];
  if (one !== undefined || other !== undefined) return one === other && a.database === b.database;
  const hostOf = ({ host }: Address) => (isLocalHost(host) ? 'localhost' : host.toLowerCase());
  return hostOf(a) === hostOf(b) && a.port === b.port && a.database === b.database;
}
