/** The engine's process from the side of whoever asks it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { serveRepository } from '../../../build/release/server/serve.ts';
import { askEngine } from '../../../src/updater/engine/process/client.ts';
import { quietJob, type Job } from '../../../src/updater/model/job.ts';
import { tempFolder } from '../../ground/folder.ts';
import { openPublisher } from '../../ground/publisher.ts';
import { programLike } from './binaries.ts';

/** The processes that this one started and that still run; Linux tells. */
async function children(): Promise<readonly number[]> {
  const text = await readFile(`/proc/self/task/${process.pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}

it.runIf(process.platform === 'linux')(
  'S22 an engine that dies in the middle is started again, takes the way without patches, and says so',
  async () => {
    await using folder = await tempFolder();
    const publisher = await openPublisher(folder.path);
    const steady = programLike(300_000, 0);
    await publisher.release('1.0.0', { 'bin/app': { program: programLike(200_000, 0) }, steady });
    await publisher.release('1.1.0', { 'bin/app': { program: programLike(200_000, 64) }, steady });
    await using server = await serveRepository({ repo: publisher.repo });
    const place = { root: join(folder.path, 'root'), instance: 'default' };
    const { trustedRoot } = publisher;
    await askEngine(
      { kind: 'install', ...place, from: server.url, trustedRoot, product: 'moult', channel: 'stable', version: '1.0.0' },
      quietJob(),
    );
    const update = { kind: 'update', ...place, from: null, to: null, dryRun: false, withoutPatches: false } as const;
    const planned = await askEngine({ ...update, dryRun: true }, quietJob());
    expect(planned).toMatchObject({ kind: 'planned', plan: { route: { kind: 'direct' } } });
    let killed = 0;
    const job: Job = {
      signal: new AbortController().signal,
      report: ({ step }) => {
        if (step !== 'download' || killed > 0) return;
        killed += 1;
        void children().then((pids) => pids.forEach((pid) => process.kill(pid, 'SIGKILL')));
      },
    };
    const result = await askEngine(update, job);
    expect(killed).toBe(1);
    expect(result).toMatchObject({ kind: 'staged', generation: { version: '1.1.0' }, done: { plan: { route: { kind: 'full' } } } });
    const refused = result.kind === 'staged' ? result.done?.plan.refused : [];
    expect(refused).toContainEqual(expect.objectContaining({ route: 'direct', why: 'it was tried and failed' }));
  },
);
