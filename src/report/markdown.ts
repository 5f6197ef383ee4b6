import { printable } from './printable.ts';

/** A name as Markdown: as code where that is safe, else as plain text that means nothing to Markdown or HTML. */
export function codeMarkdown(name: string): string {
  return /^[\p{L}\p{N}_.,:$()/"' +=@-]+$/u.test(name) && name.trim() === name ? `\`${name}\`` : plainMarkdown(name);
}

/** Text on one line in which no character means anything to Markdown or HTML. */
export const plainMarkdown = (text: string): string =>
  printable(text)
    .replace(/[\\`*[\]|~#!]/g, '\\$&')
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
