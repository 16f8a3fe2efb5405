import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real files, real servers and real processes on a busy machine: slow is not wrong, hanging is.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
