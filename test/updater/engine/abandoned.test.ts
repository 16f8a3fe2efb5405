import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renew } from '../../../build/release/metadata/publish.ts';
import { serve } from '../../../src/updater/engine/process/serve.ts';
import { signedTime } from '../../../src/updater/install/checks/signed-time.ts';
import { cleanUpAfterGood } from '../../../src/updater/install/clean/cleanup.ts';
import { ensureEpoch } from '../../../src/updater/install/epoch/record.ts';
import { installedGeneration, writeGeneration } from '../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf, type Instance } from '../../../src/updater/install/layout.ts';
import { Failed } from '../../../src/updater/model/failure.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { timeText } from '../../../src/updater/model/parse.ts';
import { readableSnapshots } from '../../../src/updater/store/records.ts';
import { tempFolder } from '../../ground/folder.ts';
import { openPublisher } from '../../ground/publisher.ts';

const dayMs = 86_400_000;

describe('data of a version that was taken back', () => {
  it('R12 R23 is kept for 90 days by what was signed since, on a machine whose clock is ten years behind', async () => {
    await using folder = await tempFolder();
    const publisher = await openPublisher(folder.path);
    await publisher.release('1.0.0', { app: 'one' });
    const layout = layoutOf(join(folder.path, 'root'));
    const ground = { layout, instance: instanceOf(layout, 'default'), now: new Date(Date.now() - 3650 * dayMs) };
    const where = { root: layout.root, instance: 'default' } as const;
    const from = { from: publisher.repo, trustedRoot: publisher.trustedRoot, product: 'moult', channel: 'stable', version: null };
    await serve({ kind: 'install', ...where, ...from }, quietJob());
    await takenBack(ground.instance);
    const keptAfter = async (days: number): Promise<number> => {
      const signed = new Date(Date.now() + days * dayMs);
      await renew(publisher.repo, publisher.keys, { roles: ['targets', 'channels', 'snapshot', 'timestamp'], now: signed });
      await serve({ kind: 'update', ...where, from: null, to: null, dryRun: false, withoutPatches: false }, quietJob());
      expect(await signedTime(layout)).toEqual(new Date(timeText(signed)));
      await cleanUpAfterGood(ground, quietJob());
      return (await readableSnapshots(ground.instance.snapshots)).filter(({ kind }) => kind === 'abandoned').length;
    };
    expect([await keptAfter(0), await keptAfter(89), await keptAfter(91)]).toEqual([1, 1, 0]);
  });
});

/** A generation that failed its trial, in an epoch of its own. */
async function takenBack(instance: Instance): Promise<void> {
  const current = await installedGeneration(instance);
  const { failure } = new Failed('start/failed', 'it crashed');
  await writeGeneration(instance, { ...current, n: current.n + 1, epoch: current.epoch + 1, state: 'bad', failure });
  await ensureEpoch(instance, {
    epoch: current.epoch + 1,
    dataVersion: 0,
    from: current.epoch,
    generation: current.n + 1,
    why: 'update',
    createdAt: current.createdAt,
    state: 'abandoned',
  });
}
