import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type pg from 'pg';
import { readDefinitions, type Definitions } from './definitions.ts';
import { countObjects } from './count-objects.ts';
import type { ConnectionSettings } from '../target/connection.ts';
import { rightsFunction } from '../target/embedded/platform/rights.ts';
import { catalogCheck } from './catalog-check.ts';
import { factsFromJson, factsToJson, readFacts, type Facts } from './facts.ts';
import { readIdentity, type Identity } from './identity.ts';
import { dumpSchema, type PgDumpChoice } from './pg-dump/dump.ts';

/** A schema at one moment: its dump, its facts, and how our login sees it. */
export interface State {
  /** The text of `pg_dump --schema-only`, without schema supabase_migrations. */
  sql: string;
  /** sha256 of `sql` in UTF-8, as hex. */
  sha256: string;
  facts: Facts;
  session: Session;
  /** Jobs, queues and buckets; undefined where there are none, or the snapshot is from before they were noted. */
  definitions?: Definitions;
}

/** What the server set for our login by itself; a shadow has to be told. */
export interface Session {
  user: string;
  /** The owner of the database; members of pg_database_owner are whoever owns it. */
  databaseOwner: string;
  settings: { name: string; value: string }[];
  /** Settings that are a superuser's and that our login was given the right to set. */
  maySet: string[];
  /** Whether the platform gives it what no other role has that is no superuser: it is asked of what the database has, not of the login's name alone. */
  platformRights: boolean;
}

/** What is true of the state only inside its own database. */
export interface Anchor {
  catalogCheck: string;
  identity: Identity;
}

/** Numbers about the state that are worth showing. Sizes are bytes. */
export interface StateSummary {
  counts: Record<string, number>;
  databaseBytes: number;
  pgDump: string;
}

export type CapturedState = State & Anchor & StateSummary;

export interface CaptureOptions {
  pgDump: PgDumpChoice;
  serverVersionNum: number;
  lockWaitMs: number;
  /** Facts already read inside the transaction that made this state: used when the catalog is still the one of then. */
  known?: { facts: Facts; catalogCheck: string };
}

/** Captures the committed state as one moment: dump, facts and catalog check see the same snapshot of the server. */
export async function captureState(client: pg.Client, settings: ConnectionSettings, options: CaptureOptions): Promise<CapturedState> {
  await client.query('begin isolation level repeatable read read only');
  try {
    const { rows } = await client.query<{ id: string }>('select pg_export_snapshot() as id');
    const dumping = dumpSchema(settings, {
      choice: options.pgDump,
      serverVersion: options.serverVersionNum,
      snapshotId: rows[0]!.id,
      excludeSchemas: ['supabase_migrations'],
      lockWaitMs: options.lockWaitMs,
    });
    dumping.catch(() => {});
    const check = await catalogCheck(client);
    const facts = options.known?.catalogCheck === check ? options.known.facts : await readFacts(client, { insideTransaction: true });
    const identity = await readIdentity(client);
    const session = await readSession(client);
    const summary = await readSummary(client);
    const definitions = await readDefinitions(client);
    const dump = await dumping;
    return {
      sql: dump.sql,
      sha256: sha256(dump.sql),
      facts,
      identity,
      session,
      catalogCheck: check,
      pgDump: dump.tool,
      ...summary,
      ...(definitions ? { definitions } : {}),
    };
  } finally {
    await client.query('rollback').catch(() => {});
  }
}

export async function readSession(client: pg.Client): Promise<Session> {
  const { rows } = await client.query<Session>(`
    select session_user::text as user,
           (select pg_get_userbyid(datdba)::text from pg_database where datname = current_database()) as "databaseOwner",
           coalesce((select json_agg(json_build_object('name', name, 'value', reset_val) order by name)
                     from pg_settings where source in ('user', 'database', 'database user')), '[]') as settings,
           array(select parname from pg_parameter_acl where not r.rolsuper and has_parameter_privilege(session_user, parname, 'set') order by 1) as "maySet",
           session_user = 'postgres' and not r.rolsuper
             and (to_regprocedure('${rightsFunction}(boolean)') is not null
               or to_regclass('auth.users') is not null and to_regclass('storage.buckets') is not null) as "platformRights"
    from pg_roles r where r.rolname = session_user`);
  return rows[0]!;
}

export async function readSummary(client: pg.Client): Promise<Pick<StateSummary, 'counts' | 'databaseBytes'>> {
  const { rows } = await client.query<{ schemas: string[]; bytes: string }>(`
    select array(select nspname::text from pg_namespace n
                 where nspname not in ('information_schema', 'supabase_migrations', ${platformSchemas.map((name) => `'${name}'`).join(', ')})
                   and nspname not like 'pg\\_%' order by 1) as schemas,
           pg_database_size(current_database()) as bytes`);
  return { counts: await countObjects(client, rows[0]!.schemas), databaseBytes: Number(rows[0]!.bytes) };
}

/** Schemas that the platform owns: they are part of a snapshot, but not of its counts. */
export const platformSchemas = [
  'auth',
  'storage',
  'realtime',
  'extensions',
  'graphql',
  'graphql_public',
  'pgbouncer',
  'pgsodium',
  'pgsodium_masks',
  'vault',
  'net',
  'cron',
  'pgmq',
  'supabase_functions',
  '_realtime',
  '_analytics',
  '_supavisor',
];

/** The state without its dump, as one JSON text: its companion in a snapshot. `sha256` is that of the text, `gz` the text packed. */
export interface Companion {
  gz: Buffer;
  sha256: string;
}

/** A state never changes once it is read, and the text is megabytes: made once for the facts of a dump. */
const companions = new WeakMap<Facts, Companion & { of: string; besides: string }>();

export function companionOf({ sha256: dump, facts, session, definitions: held }: State): Companion {
  const known = companions.get(facts);
  const besides = besidesFacts(session, held);
  if (known?.of === dump && known.besides === besides) return known;
  const hash = createHash('sha256');
  const packed: Buffer[] = [];
  for (const part of inBlocks(companionText(dump, facts, besides))) {
    hash.update(part);
    packed.push(gzipSync(part));
  }
  const companion = { of: dump, besides, gz: Buffer.concat(packed), sha256: hash.digest('hex') };
  companions.set(facts, companion);
  return companion;
}

const besidesFacts = (session: Session, definitions: Definitions | undefined) => JSON.stringify({ session, definitions }).slice(1);

/** The facts are a string within it, so that they can be cut out without being parsed twice. */
function* companionText(dump: string, facts: Facts, besides: string): Generator<string> {
  yield `{"format":1,"sql":${JSON.stringify(dump)},"facts":"`;
  for (const piece of factsToJson(facts)) yield JSON.stringify(piece).slice(1, -1);
  yield `",${besides}`;
}

/** Texts of about 4 million characters each; what is packed one by one is unpacked as one. */
function* inBlocks(pieces: Iterable<string>): Generator<string> {
  let block = '';
  for (const piece of pieces) {
    block += piece;
    if (block.length < 4_000_000) continue;
    yield block;
    block = '';
  }
  yield block;
}

/** The text of a companion; undefined where it can't be unpacked. */
export function unpack(gz: Buffer | undefined): string | undefined {
  try {
    return gz && gunzipSync(gz).toString('utf8');
  } catch {
    return undefined;
  }
}

/** The state of a dump and its companion, packed and as text; undefined when they do not belong together or the companion is of another format. */
export function stateOf(sql: string, gz: Buffer, text: string): State | undefined {
  try {
    const {
      format,
      sql: dump,
      facts: json,
      session,
      definitions,
    } = JSON.parse(text) as { format: number; sql: string; facts: string; session: Session; definitions?: Definitions };
    if (format !== 1 || dump !== sha256(sql)) return undefined;
    const facts = factsFromJson(json);
    companions.set(facts, { of: dump, besides: besidesFacts(session, definitions), gz, sha256: sha256(text) });
    return { sql, sha256: dump, facts, session, ...(definitions ? { definitions } : {}) };
  } catch {
    return undefined;
  }
}

export const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
