import { mkdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { serve } from '../../../src/updater/engine/process/serve.ts';
import { condemn, countTry } from '../../../src/updater/install/activate.ts';
import { lastFailure, versionsOnHold } from '../../../src/updater/install/checks/hold.ts';
import { pointTo, stagedGeneration, stageGeneration } from '../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf, type Instance } from '../../../src/updater/install/layout.ts';
import { Failed, type FailureCode } from '../../../src/updater/model/failure.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { tempFolder } from '../../ground/folder.ts';
import { openPublisher } from '../../ground/publisher.ts';
import { manifestWith } from '../../ground/manifests.ts';

const now = new Date('2026-05-06T07:08:09Z');
const hours = (n: number): Date => new Date(now.getTime() + n * 3_600_000);

async function stage(instance: Instance, version: string) {
  return stageGeneration(instance, manifestWith({ version }), { why: 'update', now, tries: 3 });
}

/** An instance on 1.0.0 whose trial of 1.1.0 ended with a failure. */
async function placeAfter(root: string, code: FailureCode): Promise<Instance> {
  const instance = instanceOf(layoutOf(root), 'default');
  await mkdir(instance.folder, { recursive: true });
  await pointTo(instance, await stage(instance, '1.0.0'));
  const tried = await countTry(await stage(instance, '1.1.0'), { instance, now });
  await condemn(tried, new Failed(code, 'what was seen').failure, { instance });
  return instance;
}

describe('a version that was taken back', () => {
  it.each<[code: FailureCode, at: Date, until: string | null | undefined]>([
    ['start/failed', hours(1), null],
    ['start/failed', hours(24 * 3650), null],
    ['start/failed', hours(-24 * 3650), null],
    ['start/slow', hours(1), '2026-05-07T07:08:09Z'],
    ['start/slow', hours(25), undefined],
    ['start/slow', hours(-24 * 3650), undefined],
    ['state/damaged', hours(1), undefined],
  ])('R09 R12 with %s is held at %s until %s', async (code, at, until) => {
    await using folder = await tempFolder();
    const instance = await placeAfter(folder.path, code);
    const held = until === undefined ? [] : [{ version: '1.1.0', why: expect.stringContaining('what was seen'), until }];
    expect(await versionsOnHold(instance, at)).toEqual(held);
    expect(await lastFailure(instance)).toMatchObject({ n: 2, version: '1.1.0', failure: { code } });
  });

  it('is told of until something newer is there, and no longer held once it was good', async () => {
    await using folder = await tempFolder();
    const instance = await placeAfter(folder.path, 'start/failed');
    await stage(instance, '1.1.0');
    expect([await versionsOnHold(instance, now), await lastFailure(instance)]).toEqual([[], null]);
  });

  it('is held even when the kill came before its end was written down', async () => {
    await using folder = await tempFolder();
    const instance = instanceOf(layoutOf(folder.path), 'default');
    await pointTo(instance, await stage(instance, '1.0.0'));
    await countTry(await stage(instance, '1.1.0'), { instance, now });
    expect((await versionsOnHold(instance, now)).map(({ version }) => version)).toEqual(['1.1.0']);
  });

  it('R09 is passed over by an update with the reason, and taken when it is asked for by name', async () => {
    await using folder = await tempFolder();
    const publisher = await openPublisher(folder.path);
    await publisher.release('1.0.0', { 'a.txt': 'one' });
    const where = { root: `${folder.path}/root`, instance: 'default' };
    const first = { from: publisher.repo, trustedRoot: publisher.trustedRoot, product: 'moult', channel: 'stable', version: null };
    await serve({ kind: 'install', ...where, ...first }, quietJob());
    await publisher.release('1.1.0', { 'a.txt': 'two' });
    const ask = (to: string | null) =>
      serve({ kind: 'update', ...where, from: null, to, dryRun: false, withoutPatches: false }, quietJob());
    await ask(null);
    const instance = instanceOf(layoutOf(where.root), 'default');
    const staged = await stagedGeneration(instance);
    if (staged === null) throw new Error('nothing was staged');
    await condemn(staged, new Failed('start/failed', 'it crashed').failure, { instance });
    expect(await ask(null)).toMatchObject({ kind: 'none', passed: [{ version: '1.1.0', why: expect.stringContaining('it crashed') }, {}] });
    expect(await ask('1.1.0')).toMatchObject({ kind: 'staged', generation: { version: '1.1.0' } });
  });
});
