import { projectRef } from '../config/environments.ts';

/**
 * `--remote` may stand alone, before a file or a version. So only a word that can be nothing but its value is taken as one: a
 * URL, a ref, or an empty word, which a variable that is not set leaves behind. All others stay words, and it means the linked project.
 */
export function spellRemote(words: string[]): string[] {
  const spelled: string[] = [];
  const end = words.indexOf('--');
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    if (word !== '--remote' || (end >= 0 && index > end)) {
      spelled.push(word);
      continue;
    }
    const next = words[index + 1];
    const isValue = next !== undefined && (next === '' || next.includes('://') || projectRef.test(next));
    spelled.push(`--remote=${isValue ? next : 'linked'}`);
    if (isValue) index++;
  }
  return spelled;
}
