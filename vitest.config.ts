import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Where `.ci/run` reads how many tests passed.
const results = process.env['MOULT_TEST_RESULTS'];

// Thousands of synced writes wait for the disk and for nothing else: where memory is plenty the temporary folders lie there.
const memory = '/dev/shm';
const plentyBytes = 6e9;
if (process.env['TMPDIR'] === undefined && freeBytes(memory) > plentyBytes) process.env['TMPDIR'] = memory;

// Tests start programs by the hundred: what one has compiled the next ones find, and start in about half the time.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'moult-compiled');

export default defineConfig({
  test: {
    reporters: results === undefined ? ['default'] : ['default', ['json', { outputFile: results }]],
    include: ['test/**/*.test.ts'],
    // Most tests wait for processes and timers more than they compute.
    maxWorkers: 3,
    // Real files, real servers and real processes on a busy machine: slow is not wrong, hanging is.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});

function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    // Not every system has such a folder.
    return 0;
  }
}
