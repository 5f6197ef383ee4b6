/** Rows of text as a Markdown table, the first one its head; in columns of one width, as the formatter wants it. Ends without a line break. */
export function markdownTable(rows) {
  const shown = rows.map((cells) => cells.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = shown[0].map((_, column) => Math.max(3, ...shown.map((cells) => cells[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const [head, ...body] = shown;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}
