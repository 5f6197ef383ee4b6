import {
  buildFactBase,
  deserializeSnapshot,
  diff,
  encodeId,
  extract,
  serializeSnapshot,
  type Delta,
  type ExtractResult,
  type FactBase,
  type Payload,
  type StableId,
} from '@supabase/pg-delta';
import { setFlagsFromString } from 'node:v8';
import type pg from 'pg';
import { pipelined } from '../target/pipelined.ts';
import { clusterDifferences, clusterFactsOf, clusterFactsQuery, type ClusterFacts, type ClusterFactsRow } from './cluster-facts.ts';
import { isQueueTable } from './queue-entries.ts';
import { settleSpelling } from './spelling.ts';

/** The schema as facts, for planning and comparing. `notModelled` names kinds of objects that no plan can restore. */
export interface Facts {
  base: FactBase;
  serverVersion: string;
  notModelled: string[];
  /** What the planner does not read; none in snapshots of older versions. */
  cluster?: ClusterFacts;
}

/** How facts are read. */
export interface FactsOptions {
  insideTransaction: boolean;
  /** Roles that are no part of the state. */
  ignoreRoles?: string[];
  /** The database whose settings are meant, where it is not the one connected to. */
  database?: string;
  /** A key of cluster facts that is no part of the state. */
  lent?: string;
}

/** Of some thousand tables, as facts and as their text. From there on memory counts more than speed: what is not used any more is freed before the heap grows much. */
const many = { facts: 50_000, characters: 6_000_000 };

const spareMemory = () => setFlagsFromString('--heap-growing-percent=15');

/**
 * Reads the facts on a connection that may already be inside a transaction: uncommitted changes are then seen.
 * Schema supabase_migrations is left out.
 */
export async function readFacts(client: pg.Client, options: FactsOptions): Promise<Facts> {
  const ignored = new Set(options.ignoreRoles ?? []);
  const clusterQuery = clusterFactsQuery(ignored, options.database);
  const [result, clusterRows] = await pipelined(client, () => extractWith(client, options.insideTransaction, clusterQuery));
  const notModelled = result.diagnostics
    .filter((diagnostic) => diagnostic.code === 'unmodeled_kind')
    .map((diagnostic) => diagnostic.message);
  if (result.factBase.facts().length > many.facts) spareMemory();
  return {
    base: withoutQueues(withoutOurs(result.factBase, ignored)),
    serverVersion: result.pgVersion,
    notModelled,
    cluster: withoutLent(clusterFactsOf(clusterRows[0] as ClusterFactsRow), options.lent),
  };
}

const withoutLent = (cluster: ClusterFacts, lent: string | undefined): ClusterFacts => ({
  ...cluster,
  entries: Object.fromEntries(Object.entries(cluster.entries).filter(([key]) => key !== lent)),
});

/** The text of serializeSnapshot without its line breaks, piece by piece: of ten thousand tables the whole at once takes many times its length in memory. */
export function* factsToJson({ base, serverVersion, notModelled, cluster }: Facts): Generator<string> {
  const frame = buildFactBase([], [], base.source);
  frame.diagnostics.push(...base.diagnostics);
  const head = JSON.stringify({ ...(JSON.parse(serializeSnapshot(frame, { pgVersion: serverVersion })) as object), digest: base.rootHash });
  const [before, after] = head.split('"facts":[],"edges":[]') as [string, string];
  yield `{"notModelled":${JSON.stringify(notModelled)}${cluster ? `,"cluster":${JSON.stringify(cluster)}` : ''},"facts":${before}"facts":[`;
  yield* separated(factEntries(base));
  yield '],"edges":[';
  yield* separated(edgeEntries(base));
  yield `]${after}}`;
}

function* factEntries(base: FactBase): Generator<string> {
  const facts = base.facts().map((fact) => ({ id: encodeId(fact.id), fact }));
  for (const {
    id,
    fact: { parent, payload },
  } of facts.sort((a, b) => (a.id < b.id ? -1 : 1))) {
    yield JSON.stringify({ id, ...(parent ? { parent: encodeId(parent) } : {}), payload }, bigintsMarked);
  }
}

function* edgeEntries(base: FactBase): Generator<string> {
  const edges = base.edges.map((edge) => ({ order: `${encodeId(edge.from)}|${edge.kind}|${encodeId(edge.to)}`, edge }));
  for (const {
    edge: { from, to, kind },
  } of edges.sort((a, b) => (a.order < b.order ? -1 : 1)))
    yield JSON.stringify({ from: encodeId(from), to: encodeId(to), kind });
}

function* separated(entries: Iterable<string>): Generator<string> {
  let first = true;
  for (const entry of entries) {
    yield first ? entry : `,${entry}`;
    first = false;
  }
}

/** As deserializeSnapshot reads them. */
const bigintsMarked = (_: string, value: unknown) => (typeof value === 'bigint' ? { $bigint: String(value) } : value);

export function factsFromJson(json: string): Facts {
  if (json.length > many.characters) spareMemory();
  // Cut rather than parsed: it is megabytes, and what follows parses it anyway. No string within can hold an unescaped quote.
  const [start, between] = ['{"notModelled":', ',"facts":{'];
  const at = json.indexOf(between);
  if (!json.startsWith(start) || at === -1) throw new Error('not the facts of a snapshot');
  const { factBase, pgVersion } = deserializeSnapshot(json.slice(at + between.length - 1, -1));
  const { notModelled, cluster } = JSON.parse(`${json.slice(0, at)}}`) as Pick<Facts, 'notModelled' | 'cluster'>;
  return { base: withoutQueues(factBase), serverVersion: pgVersion, notModelled, ...(cluster ? { cluster } : {}) };
}

export const sameFacts = (a: Facts, b: Facts): boolean =>
  a.base.rootHash === b.base.rootHash && clusterDifferences(a.cluster, b.cluster).length === 0;

/** One line per difference, as a person would say it; empty when the states are the same. */
export const factDifferences = (from: Facts, to: Facts): string[] => [
  ...(from.base.rootHash === to.base.rootHash ? [] : diff(from.base, to.base).map(describeDelta)),
  ...clusterDifferences(from.cluster, to.cluster),
];

export function describeDelta(delta: Delta): string {
  switch (delta.verb) {
    case 'add':
      return `added: ${describeId(delta.fact.id)}`;
    case 'remove':
      return `gone: ${describeId(delta.fact.id)}`;
    case 'set':
      return `changed: ${describeId(delta.id)} (${delta.attr})`;
    case 'link':
    case 'unlink':
      return `${delta.verb === 'link' ? 'now' : 'no longer'}: ${describeId(delta.edge.from)} ${edgeWord[delta.edge.kind]} ${describeId(delta.edge.to)}`;
  }
}

/** "table public.minds", "column public.minds.title", "comment on table public.minds". */
export function describeId(id: StableId): string {
  switch (id.kind) {
    case 'comment':
      return `comment on ${describeId(id.target)}`;
    case 'acl':
      return `grants to ${id.grantee} on ${describeId(id.target)}${id.column ? `.${id.column}` : ''}`;
    case 'securityLabel':
      return `security label on ${describeId(id.target)}`;
    case 'membership':
      return `membership of ${id.member} in ${id.role}`;
    case 'userMapping':
      return `user mapping of ${id.role} on ${id.server}`;
    case 'defaultPrivilege':
      return `default privileges of ${id.role} for ${id.grantee} on ${id.objtype}${id.schema ? ` in ${id.schema}` : ''}`;
    case 'publicationRel':
      return `table ${id.schema}.${id.table} in publication ${id.publication}`;
    case 'publicationSchema':
      return `schema ${id.schema} in publication ${id.publication}`;
    case 'typeAttribute':
      return `attribute ${id.schema}.${id.type}.${id.name}`;
    case 'extensionIntent':
      return `${id.ext} ${id.intentKind} ${id.key}`;
    default:
      return `${kindWord(id.kind)} ${nameOf(id)}`;
  }
}

const edgeWord = { depends: 'depends on', owner: 'belongs to', memberOfExtension: 'is part of', managedBy: 'is managed by' } as const;

const kindWord = (kind: string) => kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

function nameOf(id: StableId): string {
  if ('table' in id && 'name' in id) return `${id.schema}.${id.table}.${id.name}`;
  if ('args' in id) return `${id.schema}.${id.name}(${id.args.join(', ')})`;
  if ('schema' in id && 'name' in id) return `${id.schema}.${id.name}`;
  return 'name' in id ? id.name : encodeId(id);
}

/** The history schema changes with every run and is no part of the state; neither is a shadow's own role. Where none of it is there, nothing is built anew. */
function withoutOurs(base: FactBase, ignoreRoles: Set<string>): FactBase {
  const ours = (id: StableId): boolean => {
    if ('target' in id) return ours(id.target) || ('grantee' in id && ignoreRoles.has(id.grantee));
    if (id.kind === 'schema') return id.name === 'supabase_migrations';
    if (id.kind === 'role') return ignoreRoles.has(id.name);
    if (id.kind === 'membership') return ignoreRoles.has(id.role) || ignoreRoles.has(id.member);
    return 'schema' in id && id.schema === 'supabase_migrations';
  };
  const all = base.facts();
  const facts = all
    .filter((fact) => !ours(fact.id))
    .map((fact) => {
      const payload = fact.id.kind === 'comment' ? fact.payload : (settle(fact.payload) as Payload);
      return payload === fact.payload ? fact : { ...fact, payload };
    });
  if (facts.length === all.length && facts.every((fact, index) => fact === all[index])) {
    // As a new one has none.
    base.diagnostics.length = 0;
    return base;
  }
  const edges = base.edges.filter((edge) => !ours(edge.from) && !ours(edge.to));
  return buildFactBase(facts, edges, base.source);
}

/**
 * The tables of pgmq's queues, with all that is on them: a queue is what users make with the extension, not schema, and goes and comes through its functions
 * (src/platform-rows). They belong to the extension or, since 1.6 and after a project was paused, do not.
 */
function withoutQueues(base: FactBase): FactBase {
  if (!base.has({ kind: 'extension', name: 'pgmq' })) return base;
  const onQueue = (id: StableId): boolean => {
    if ('target' in id) return onQueue(id.target);
    if (!('schema' in id) || id.schema !== 'pgmq') return false;
    return 'table' in id
      ? isQueueTable(id.table)
      : 'name' in id && (id.kind === 'table' || id.kind === 'sequence') && isQueueTable(id.name);
  };
  const parents = new Map(base.facts().map(({ id, parent }) => [encodeId(id), parent]));
  const hides = (id: StableId): boolean => {
    const parent = parents.get(encodeId(id));
    return onQueue(id) || ('target' in id && hides(id.target)) || (parent !== undefined && hides(parent));
  };
  const hidden = new Set(base.facts().flatMap(({ id }) => (hides(id) ? [encodeId(id)] : [])));
  if (hidden.size === 0) return base;
  return buildFactBase(
    base.facts().filter(({ id }) => !hidden.has(encodeId(id))),
    base.edges.filter(({ from, to }) => !hidden.has(encodeId(from)) && !hidden.has(encodeId(to))),
    base.source,
  );
}

/**
 * Expressions in the spelling that stays the same when their text is run again. What needs no change is given back as the
 * same object, whose hash the planner knows already.
 */
function settle(value: unknown): unknown {
  if (typeof value === 'string') return settleSpelling(value);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    const settled = value.map(settle);
    return settled.some((entry, index) => entry !== value[index]) ? settled : value;
  }
  const entries = Object.entries(value);
  const settled = entries.map(([key, entry]) => [key, settle(entry)] as const);
  return settled.some(([, entry], index) => entry !== entries[index]![1]) ? Object.fromEntries(settled) : value;
}

/**
 * The extractor wants a pool and opens its own transaction; this gives it one connection, and inside a caller's
 * transaction turns its BEGIN and COMMIT into a savepoint that is always rolled back, so that no setting leaks.
 *
 * It asks some forty questions, each after the answer to the one before. Here all are sent when it begins, in two goes, and it gets each answer in its
 * turn. What was not foreseen is asked when it comes up. `alongside` is a further query in the same snapshot; its rows are given too.
 */
async function extractWith(client: pg.Client, insideTransaction: boolean, alongside: string): Promise<[ExtractResult, unknown[]]> {
  const answers = new Map<string, Promise<pg.QueryResult>>();
  const answered: Promise<unknown>[] = [];
  const send = (text: string) => {
    const answer = client.query(text);
    answered.push(answer.then(ignore, ignore));
    return answer;
  };
  const begin = async (text: string) => {
    const switches = (await questions()).filter((question) => isSwitch.test(question));
    for (const first of new Set([insideTransaction ? 'SAVEPOINT supasnap_facts' : text, ...quiet, ...switches]))
      answers.set(first, send(first));
    await Promise.all(answers.values());
    const known = new Map<string, pg.QueryResult>();
    for (const [question, answer] of answers) known.set(question, await answer);
    for (const question of await questions(known)) if (!answers.has(question)) answers.set(question, send(question));
    answers.set(alongside, send(alongside));
  };
  // Each is asked once, and its rows are megabytes.
  const take = (text: string) => {
    const answer = answers.get(text);
    answers.delete(text);
    return answer;
  };
  const query = (text: string): Promise<unknown> => {
    if (/^BEGIN\b/i.test(text)) return begin(text);
    if (insideTransaction && /^(COMMIT|ROLLBACK)\b/i.test(text))
      return send('ROLLBACK TO SAVEPOINT supasnap_facts; RELEASE SAVEPOINT supasnap_facts');
    return take(text) ?? send(text);
  };
  try {
    return [await extract(asPool(query)), (await take(alongside)!).rows];
  } finally {
    await Promise.all(answered);
  }
}

const ignore = () => {};

const asPool = (query: (text: string) => Promise<unknown>) => ({ connect: async () => ({ query, release: ignore }) }) as unknown as pg.Pool;

/** To compile a query of the catalog takes longer than to run it; the extractor turns that off for superusers only. */
const quiet = ['SET LOCAL jit = off'];

/** Questions on whose answer it depends what is asked next, and how: the server's version, rights, whether there are labels at all. */
const isSwitch = /^(SET LOCAL|SELECT (current_setting|has_\w+|EXISTS) ?\()/;

/** What the extractor asks once it knows these answers; to all else it hears that there is nothing. */
async function questions(known = new Map<string, pg.QueryResult>()): Promise<string[]> {
  const asked = new Set<string>();
  const query = async (text: string) => {
    asked.add(text);
    return known.get(text) ?? { rows: [] };
  };
  await extract(asPool(query));
  return [...asked].filter((text) => !/^(BEGIN|COMMIT|ROLLBACK)\b/i.test(text));
}
