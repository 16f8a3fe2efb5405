import { describe, expect, it } from 'vitest';
import { effectOf, middlesToAsk, planUpdate, type Have } from '../../../src/updater/engine/plan.ts';
import type { Manifest, Package } from '../../../src/updater/model/manifest.ts';
import type { TreeFile } from '../../../src/updater/model/tree.ts';
import { digestOf, manifestWith } from '../../ground/manifests.ts';

const one = digestOf('tree 1');
const two = digestOf('tree 2');

function patchOf(from: string, size: number) {
  return { ...packageOf(size), from: '1.0.0', fromTree: from };
}

function packageOf(size: number): Package {
  return { url: 'patches/p', size, sha256: digestOf(`package ${size}`), headerSize: 100, headerSha256: digestOf('header') };
}

function file(path: string, size: number): TreeFile {
  return { path, size, sha256: digestOf(path), mode: 'file', part: 'app' };
}

const files = [file('a', 9_000), file('b', 1_000)];
const target: Manifest = manifestWith({
  version: '3.0.0',
  tree: { digest: digestOf('tree 3'), files, links: [] },
  full: packageOf(5_100),
  patches: [patchOf(one, 700), patchOf(two, 200)],
});
const have: Have = { treeDigest: one, files: [], damaged: false, present: false, middles: [] };

describe('the plan of an update', () => {
  it('takes the direct patch when it is the cheapest and says what the others would cost', () => {
    expect(planUpdate(target, have, [])).toEqual({
      route: { kind: 'direct', patch: target.patches[0] },
      bytesToFetch: 700,
      diskBytes: 10_700,
      refused: [
        { route: 'present', bytes: null, why: 'this version is not on this machine' },
        { route: 'two', bytes: null, why: 'no two patches lead from the running version to this one' },
        { route: 'full', bytes: 5_100, why: 'it fetches 4400 bytes more' },
      ],
    });
  });

  it('takes two patches when together they are cheaper than the direct one', () => {
    const middle = manifestWith({ version: '2.0.0', tree: { digest: two, files, links: [] }, patches: [patchOf(one, 300)] });
    const plan = planUpdate(target, { ...have, middles: [middle] }, []);
    expect([plan.route.kind, plan.bytesToFetch, plan.diskBytes]).toEqual(['two', 500, 20_500]);
  });

  it('fetches only the share of the full package whose content is not here', () => {
    const plan = planUpdate(target, { ...have, treeDigest: digestOf('elsewhere'), files: [file('renamed', 9_000), file('a', 9_000)] }, []);
    expect([plan.route.kind, plan.bytesToFetch]).toEqual(['full', 100 + 500]);
  });

  it('fetches nothing when the version stands already', () => {
    expect(planUpdate(target, { ...have, present: true }, [])).toMatchObject({ route: { kind: 'present' }, bytesToFetch: 0, diskBytes: 0 });
  });

  it('never patches a damaged version, and says so', () => {
    const plan = planUpdate(target, { ...have, damaged: true }, []);
    expect(plan.route.kind).toBe('full');
    expect(plan.refused).toContainEqual({ route: 'direct', bytes: null, why: 'files of the running version are damaged' });
  });

  it('does not take a route again that failed', () => {
    const plan = planUpdate(target, have, ['direct', 'two']);
    expect(plan.route.kind).toBe('full');
    expect(plan.refused).toContainEqual({ route: 'direct', bytes: 700, why: 'it was tried and failed' });
  });

  it('asks for versions in between only when no patch starts from the running one', () => {
    expect(middlesToAsk(target, one, [])).toEqual([]);
    expect(middlesToAsk(target, digestOf('old'), []).map(({ fromTree }) => fromTree)).toEqual([one, two]);
    expect(middlesToAsk(target, one, ['direct']).map(({ fromTree }) => fromTree)).toEqual([one, two]);
    expect(middlesToAsk(target, null, [])).toEqual([]);
  });
});

describe('the effect of an update', () => {
  it('names a migration of data, a restart for programs, and whether there is a way back', () => {
    const program = manifestWith({
      dataVersion: 4,
      rollback: { supported: true, minVersion: '2.0.0' },
      entry: { program: 'app', args: [] },
    });
    expect(effectOf(program, { version: '1.9.0', dataVersion: 3 })).toEqual({
      restart: true,
      dataMigration: { from: 3, to: 4 },
      canBeUndone: false,
    });
    expect(effectOf(manifestWith({}), { version: '1.9.0', dataVersion: 0 })).toEqual({
      restart: false,
      dataMigration: null,
      canBeUndone: true,
    });
  });
});
