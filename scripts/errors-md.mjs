// Writes docs/ERRORS.md from src/error-codes.ts. With --check it only says whether the file is as it should be.
import { transform } from 'esbuild';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markdownTable } from './markdown-table.mjs';

const root = join(fileURLToPath(import.meta.url), '../..');
const path = join(root, 'docs/ERRORS.md');

const { code } = await transform(readFileSync(join(root, 'src/error-codes.ts'), 'utf8'), { loader: 'ts', format: 'esm' });
const { errorFamilies } = await import(`data:text/javascript,${encodeURIComponent(code)}`);

const table = (codes) =>
  markdownTable([
    ['Code', 'Exit code', 'Meaning'],
    ...Object.entries(codes).map(([name, { exits, means }]) => [`\`${name}\``, exits.join(', '), means]),
  ]);

const text = `# Error codes

<!-- Written by scripts/errors-md.mjs from src/error-codes.ts. -->

Every error has a code. Switch on the code: messages may be worded anew at any time, codes stay.

- On the command line: with \`--output-format json\` a failed command prints \`{ "error": { "code", "message", "place", "detail", "state", "next", "sqlState", "exitCode" } }\`; what does not apply is left out. \`sqlState\` is the server's own code, where the server refused something.
- In a program: what is thrown is a \`Problem\` with the same fields.

Exit codes: 1 it failed and nothing was changed, 2 the arguments or settings are wrong, 3 refused and nothing was changed, 4 something was changed and needs a look, 130 interrupted.
${Object.entries(errorFamilies)
  .map(([family, codes]) => `\n## ${family}\n\n${table(codes)}\n`)
  .join('')}`;

if (!process.argv.includes('--check')) writeFileSync(path, text);
else if (readFileSync(path, 'utf8') !== text) {
  console.error('docs/ERRORS.md is out of date. Write it anew: node scripts/errors-md.mjs');
  process.exitCode = 1;
}
