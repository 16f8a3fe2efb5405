import { mkdir } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { subjectIn, verdictOn } from '../../updater/patches/hostile.ts';
import { quickFolder } from '../../updater/patches/trees.ts';

const tries = 1000;

test(`S11 files that are exchanged between their check and their use are never installed, ${tries} times`, async () => {
  await using folder = await quickFolder();
  const subject = await subjectIn(folder.path);
  const work = join(folder.path, 'work');
  await mkdir(work);
  const attacker = new Worker(new URL('attacker-worker.ts', import.meta.url), {
    workerData: { folder: subject.old.folder, body: join(work, 'variant') },
    execArgv: [],
  });
  try {
    await once(attacker, 'message');
    const verdicts = new Map<string, number>();
    for (let i = 0; i < tries; i += 1) {
      // Throws when a tree comes out that is not the right one.
      const verdict = await verdictOn(subject, subject.bytes, work);
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    }
    const allowed = new Set(['the right tree', 'build/base', 'build/hash', 'build/invalid']);
    expect([...verdicts.keys()].filter((verdict) => !allowed.has(verdict))).toEqual([]);
    // An attacker who never comes in between would prove nothing.
    expect(tries - (verdicts.get('the right tree') ?? 0)).toBeGreaterThan(tries / 20);
  } finally {
    await attacker.terminate();
  }
});
