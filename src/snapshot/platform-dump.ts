import { joinDump, splitDump, titleLine, titleOf, type DumpEntry } from './canonical-entries.ts';
import { isPlatformOwner, platformSchemas } from './platform-names.ts';
import type { OfGoal } from './platform-part.ts';

/** The dump of a goal with the platform's own objects of now, in an order that can be run, but for those that are the goal's; what is lost has no place any more. */
export function settleDump(goal: string, present: string, ofGoal: OfGoal, lost: string[] = []): string {
  const [all, is] = [splitDump(goal), splitDump(present)];
  const was = { ...all, entries: all.entries.filter(({ header }) => !lost.some((one) => titleLine(header).startsWith(`Name: ${one};`))) };
  const ofPlatform = (entry: DumpEntry) => isPlatformEntry(entry) && !isOfGoal(entry, ofGoal);
  const now = new Map<string, DumpEntry[]>();
  for (const entry of is.entries) if (ofPlatform(entry)) now.set(keyOf(entry), [...(now.get(keyOf(entry)) ?? []), entry]);
  const entries: DumpEntry[] = [];
  for (const entry of was.entries) {
    if (!ofPlatform(entry)) entries.push(entry);
    else entries.push(...(now.get(keyOf(entry)) ?? []));
    if (ofPlatform(entry)) now.delete(keyOf(entry));
  }
  // What is new stands behind what it stands behind now.
  let at = 0;
  for (const entry of is.entries) {
    if (ofPlatform(entry) && now.has(keyOf(entry))) {
      entries.splice(at, 0, entry);
      at += 1;
      continue;
    }
    const place = entries.findIndex((one) => keyOf(one) === keyOf(entry));
    if (place !== -1) at = place + 1;
  }
  return joinDump({ ...was, entries });
}

const keyOf = ({ header }: DumpEntry) => titleLine(header).replace(/; Owner: .*$/, '');

function isPlatformEntry(entry: DumpEntry): boolean {
  const { name, type, schema, owner } = titleOf(entry.header);
  if (!isPlatformOwner(owner)) return false;
  if (type === 'POLICY' || name.startsWith('POLICY ')) return false;
  if (type === 'TRIGGER') return new RegExp(`EXECUTE FUNCTION "?${schema}"?\\.`).test(entry.body);
  if (schema !== '-')
    return (
      platformSchemas.includes(schema) || type === 'PUBLICATION TABLE' || type === 'PUBLICATION TABLES IN SCHEMA' || type === 'DEFAULT ACL'
    );
  if (type === 'SCHEMA') return platformSchemas.includes(name);
  if (type === 'ACL' || type === 'COMMENT')
    return name.startsWith('SCHEMA ') ? platformSchemas.includes(name.slice('SCHEMA '.length)) : !/^(EXTENSION|DATABASE) /.test(name);
  return type !== 'EXTENSION';
}

function isOfGoal({ header }: DumpEntry, { objects, grants }: OfGoal): boolean {
  const { name, type, schema } = titleOf(header);
  // "TABLE users", "COLUMN users.email", "FUNCTION f(integer)" have grants and comments; else "users", "users users_pkey", "f(integer)".
  const worded = type === 'ACL' || type === 'COMMENT';
  const object = (worded ? name.replace(/^[A-Z ]+ /, '') : name).replace(/\(.*$/, '');
  const places = type === 'ACL' ? grants : objects;
  return [object, object.split(' ')[0]!, object.split('.')[0]!].some((one) => places.has(schema === '-' ? one : `${schema}.${one}`));
}
