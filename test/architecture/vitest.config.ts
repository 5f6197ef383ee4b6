import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The tests of this folder read source alone: `npm run check` runs them without a database server. `npm test` runs them with all others. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: { include: ['test/architecture/**/*.test.ts'] },
});
