import type { Node } from 'libpg-query';
import type { Found } from './hazards.ts';
import { codeOf, nameParts, withoutComments } from './tree.ts';

/**
 * What the code of a DO block may destroy, judged by its text: conditions and loops are not followed, and SQL that is put together from parts
 * is seen only where its words stand in one string. Functions are only created here, so theirs count as a hint.
 */
export function codeHazards(node: Node): Found[] {
  const code = codeOf(node);
  if (code === undefined) return [];
  const text = withoutComments(code, { strings: true });
  const isFunction = 'CreateFunctionStmt' in node;
  const who = isFunction ? `function ${(node.CreateFunctionStmt.funcname ?? []).flatMap(nameParts).join('.')}` : 'a DO block that';
  return acts.flatMap(({ pattern, does, loses }): Found[] => {
    const name = pattern.exec(text)?.[1];
    if (name === undefined) return [];
    const what = `${who} may ${does} ${name.replaceAll('"', '')}`.trimEnd();
    return isFunction
      ? [{ what, loses: `nothing now; when it is called, ${loses}`, severity: 'low' }]
      : [{ what, loses, severity: 'medium' }];
  });
}

const name = String.raw`((?:[\w%"]+\.)?[\w%"]+)`;
const drops = (kind: string) => new RegExp(String.raw`\bdrop\s+${kind}\s+(?:if\s+exists\s+)?${name}`, 'i');

const acts: { pattern: RegExp; does: string; loses: string }[] = [
  { pattern: drops('table'), does: 'drop table', loses: 'every row of it' },
  { pattern: drops('column'), does: 'drop column', loses: 'the values of that column' },
  { pattern: drops('schema'), does: 'drop schema', loses: 'everything in it' },
  { pattern: drops('type'), does: 'drop type', loses: 'the type' },
  { pattern: drops('sequence'), does: 'drop sequence', loses: 'the number it had reached' },
  { pattern: drops(String.raw`(?:materialized\s+)?view`), does: 'drop view', loses: 'its definition' },
  { pattern: drops('policy'), does: 'drop policy', loses: 'what it allowed or forbade' },
  { pattern: drops('trigger'), does: 'drop trigger', loses: 'what it does for rows written meanwhile' },
  { pattern: drops('(?:function|procedure)'), does: 'drop function', loses: 'its definition and grants' },
  { pattern: drops('role'), does: 'drop role', loses: 'its memberships and settings' },
  {
    pattern: new RegExp(String.raw`\btruncate\s+(?:table\s+)?(?:only\s+)?${name}`, 'i'),
    does: 'empty table',
    loses: 'every row of it',
  },
  {
    pattern: new RegExp(String.raw`\bdelete\s+from\s+(?:only\s+)?${name}`, 'i'),
    does: 'delete rows of',
    loses: 'those rows',
  },
  {
    pattern: new RegExp(
      String.raw`(?<!\bdo\s+)(?<!\bfor\s+(?:no\s+key\s+)?)\bupdate\s+(?:only\s+)?${name}\s+(?:(?:as\s+)?\w+\s+)?set\b`,
      'i',
    ),
    does: 'change rows of',
    loses: 'their old values',
  },
  {
    pattern: /\bdisable\s+row\s+level\s+security\b()/i,
    does: 'switch row level security off',
    loses: 'the protection of policies',
  },
];
