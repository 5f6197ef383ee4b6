import { delimiter } from 'node:path';
import { defineConfig } from 'vitest/config';

// npm puts this package's own programs there. A test that wants the Supabase CLI in its project installs it: every other migrate would ask its advisors.
const PATH = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !/node_modules[\\/]\.bin$/.test(folder))
  .join(delimiter);

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // These take long; they run when their command asks.
    exclude: [
      process.env.SUPASNAP_LIMITS ? '' : 'test/limits/**',
      process.env.SUPASNAP_RACE || process.env.SUPASNAP_RACE_SEED ? '' : 'test/race/**',
    ].filter(Boolean),
    env: { PATH },
    testTimeout: 600_000,
    hookTimeout: 300_000,
    globalSetup: ['test/postgres/setup.ts'],
    setupFiles: ['test/postgres/shared-writes.ts'],
    maxWorkers: 3,
  },
});
