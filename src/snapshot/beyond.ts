import { splitDump, titleLine, titleOf, type DumpEntry } from './canonical-entries.ts';
import { settingsFor, takeSettings } from './canonical-settings.ts';

/**
 * What of a dump is not in another one, entry by entry, in the dump's order: each entry ready to be run. An entry that both have but in
 * another wording is no entry of its own: what makes the difference has to be planned.
 */
export function entriesBeyond(present: string, ground: string): DumpEntry[] {
  const there = new Set(splitDump(ground).entries.map(({ header }) => titleLine(header)));
  const { head, entries } = splitDump(present);
  let { settings } = takeSettings(head, {});
  return entries.flatMap((entry) => {
    const prefix = settingsFor(entry, settings);
    const taken = takeSettings(entry.body, settings);
    settings = taken.settings;
    if (there.has(titleLine(entry.header)) || isMadeByExtension(entry)) return [];
    return [{ header: entry.header, body: `\n${prefix}${taken.body.trim()}\n\n\n` }];
  });
}

/** CREATE EXTENSION writes the comment itself. */
function isMadeByExtension({ header }: DumpEntry): boolean {
  const { type, name } = titleOf(header);
  return type === 'COMMENT' && name.startsWith('EXTENSION ');
}
