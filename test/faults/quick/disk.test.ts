/** Disks that are full, and disks that fail: a typed failure, the old version whole, and the same command again finishes. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, statfs } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { bytesBelow } from '../../../src/updater/disk/space.ts';
import { tempFolder } from '../../ground/folder.ts';
import { command, countCalls, finish, freshRoot, type Case, type Stage } from '../campaign/cases.ts';
import { seeded, spread } from '../campaign/choice.ts';
import { runGroup, type Fault } from '../shim/shim.ts';
import { brokenOf, missing, openStages, seed, words } from './stages.ts';

const run = promisify(execFile);
const { ENOSPC, EIO } = constants.errno;
const stageOf = openStages({ isWithData: true });

describe.skipIf(missing !== null)(`a call that fails ${words}`, () => {
  const growing = 'open write truncate mkdir symlink copy';
  const storing = 'write copy fsync rename';
  const kinds: readonly (readonly [string, Omit<Fault, 'at'>])[] = [
    ['R05 a disk that is full for a moment', { what: ENOSPC, only: growing }],
    ['R05 a disk that stays full', { what: ENOSPC, only: growing, always: true }],
    ['R06 a write, sync or rename that fails', { what: EIO, only: storing }],
    ['R06 writes, syncs and renames that go on failing', { what: EIO, only: storing, always: true }],
    ['R06 a read that fails', { what: EIO, only: 'read' }],
    ['R06 a write that takes half of its bytes', { what: 'half', only: 'write' }],
  ];
  const works = [
    { work: 'update by two patches, then switch', many: 2 },
    { work: 'trial of a version that migrates the data, then cleanup', many: 1 },
    { work: 'snapshot: restore', many: 1 },
  ];
  const all = works.flatMap((work) => kinds.map(([name, fault]) => ({ ...work, name, fault })));

  it.each(all)('$name costs nothing but the attempt: $work', async ({ name, fault, work, many }) => {
    const stage = stageOf(work);
    const calls = await countCalls(stage, fault.only);
    const cases = spread(calls.length, many, seeded(seed)).map((at): Case => ({ fault: { ...fault, at }, again: 0, seed }));
    expect({ name, broken: await brokenOf(stage, cases) }).toEqual({ name, broken: [] });
  });
});

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
const mounts = isRoot && (await canMount());
if (!mounts && process.env['REQUIRE_ROOT'] === '1') throw new Error('this account may not mount a small disk');

describe.skipIf(!mounts)(`a small disk${mounts ? '' : ' (skipped: this account may not mount one)'}`, () => {
  it('R05 of any size keeps the old version, says that it is full, and gives back what the update took', async () => {
    const stage = stageOf('update by two patches, then switch');
    const enough = await usedAfter(stage);
    const start = await bytesBelow(stage.scenario.ground ?? '');
    const steps = [40_000, 200_000, 700_000, 900_000, 1_100_000, 3_000_000];
    const ends = new Set<string>();
    for (const more of steps) {
      const { problems, end, used } = await updateOn(stage, `size=${start + more}`);
      expect({ more, problems, isGivenBack: used <= enough + 65_536 }).toEqual({ more, problems: [], isGivenBack: true });
      ends.add(end);
    }
    expect(ends).toEqual(new Set(['6 disk/space', '0']));
  });

  it('R05 without room for another name is full, too', async () => {
    const stage = stageOf('update by two patches, then switch');
    const entries = await readdir(stage.scenario.ground ?? '', { recursive: true });
    const { problems, end } = await updateOn(stage, `size=16m,nr_inodes=${entries.length + 9}`);
    expect({ problems, end }).toEqual({ problems: [], end: '6 disk/space' });
  });
});

/** Runs the real command on a disk with these options, then with all the room it needs; tells what was broken, how it ended first, and what is used at last. */
async function updateOn(stage: Stage, options: string) {
  await using disk = await mountDisk(join(stage.folder, 'disk'), options);
  const { path: root } = await freshRoot({ ...stage, folder: disk.path }, 'root');
  const { code, stdout } = await runGroup(command({ ...stage, through: 'command' }, root));
  const end = code === 0 ? '0' : `${code} ${/"code": "([a-z/-]+)"/.exec(stdout)?.[1]}`;
  const problems = [...(await stage.scenario.wrongAnyTime(root))];
  await run('mount', ['-o', 'remount,size=16m,nr_inodes=4096', disk.path]);
  problems.push(...(await finish(stage, root)), ...(await stage.scenario.wrongAtEnd(root, true)));
  return { problems, end, used: await usedBytes(disk.path) };
}

/** What an update on a large disk leaves in use. */
async function usedAfter(stage: Stage): Promise<number> {
  const { used, end, problems } = await updateOn(stage, 'size=16m');
  expect({ end, problems }).toEqual({ end: '0', problems: [] });
  return used;
}

async function usedBytes(path: string): Promise<number> {
  const { blocks, bfree, bsize } = await statfs(path);
  return (blocks - bfree) * bsize;
}

async function mountDisk(path: string, options: string): Promise<{ readonly path: string } & AsyncDisposable> {
  await mkdir(path, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]);
  return { path, [Symbol.asyncDispose]: async () => void (await run('umount', ['-l', path])) };
}

/** Being root is not enough in some containers. */
async function canMount(): Promise<boolean> {
  await using probe = await tempFolder();
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', probe.path]);
    await run('umount', ['-l', probe.path]);
    return true;
  } catch {
    // That it cannot be done is the answer.
    return false;
  }
}
