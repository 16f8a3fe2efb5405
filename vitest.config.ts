import { defineConfig } from 'vitest/config';

// Where `.ci/run` reads how many tests passed.
const results = process.env['MOULT_TEST_RESULTS'];

export default defineConfig({
  test: {
    reporters: results === undefined ? ['default'] : ['default', ['json', { outputFile: results }]],
    include: ['test/**/*.test.ts'],
    // Real files, real servers and real processes on a busy machine: slow is not wrong, hanging is.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
