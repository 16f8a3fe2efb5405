/** Disks that are full, and disks that fail: a typed failure, the old version whole, and the same command again finishes. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, statfs } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import PQueue from 'p-queue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesBelow } from '../../src/updater/disk/space.ts';
import { tempFolder } from '../folder.ts';
import { command, countCalls, finish, scenarios, tryCase, wrongAnyTime, wrongAtEnd, type Case, type Stage } from './campaign/cases.ts';
import { seeded, spread } from './campaign/choice.ts';
import { openGround, type Ground } from './campaign/ground.ts';
import { faultsMissing, runGroup, type Fault } from './shim/shim.ts';

const run = promisify(execFile);
const seed = Number(process.env['FAULT_SEED'] ?? 1);
const missing = await faultsMissing();
const { ENOSPC, EIO } = constants.errno;

let folder: Awaited<ReturnType<typeof tempFolder>>;
let ground: Ground;

beforeAll(async () => {
  folder = await tempFolder();
  ground = await openGround(folder.path);
});

afterAll(() => folder[Symbol.asyncDispose]());

function stageOf(name: string): Stage {
  const scenario = scenarios.find((each) => each.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  return { through: 'engine', ground, scenario, folder: folder.path };
}

describe.skipIf(missing !== null)(`a call that fails (seed ${seed}${missing === null ? '' : `; skipped: ${missing}`})`, () => {
  const kinds: readonly (readonly [string, Omit<Fault, 'at'>, number])[] = [
    ['R05 a disk that is full for a moment', { what: ENOSPC, only: 'open write truncate mkdir symlink copy' }, 3],
    ['R05 a disk that stays full', { what: ENOSPC, only: 'open write truncate mkdir symlink copy', always: true }, 3],
    ['R06 a write, sync or rename that fails', { what: EIO, only: 'write copy fsync rename' }, 3],
    ['R06 writes, syncs and renames that go on failing', { what: EIO, only: 'write copy fsync rename', always: true }, 2],
    ['R06 a read that fails', { what: EIO, only: 'read' }, 3],
    ['a write that takes half of its bytes', { what: 'half', only: 'write' }, 2],
  ];
  for (const [name, fault, many] of kinds) {
    it(`${name} costs nothing but the attempt`, async () => {
      const stage = stageOf('update by two patches, then switch');
      const calls = await countCalls(stage, fault.only);
      const cases = spread(calls.length, many, seeded(seed)).map((at): Case => ({ name: `${name} ${at}`, fault: { ...fault, at } }));
      const queue = new PQueue({ concurrency: 2 });
      const tried = await queue.addAll(cases.map((each) => async () => ({ case: each, broken: await tryCase(stage, each) })));
      expect(tried.filter(({ broken }) => broken.length > 0)).toEqual([]);
    });
  }
});

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
const mounts = isRoot && (await canMount());
if (!mounts && process.env['REQUIRE_ROOT'] === '1') throw new Error('this account may not mount a small disk');

describe.skipIf(!mounts)(`a small disk${mounts ? '' : ' (skipped: this account may not mount one)'}`, () => {
  it('R05 of any size keeps the old version, says that it is full, and gives back what the update took', async () => {
    const stage = stageOf('update by two patches, then switch');
    const enough = await usedAfter(stage);
    const start = await bytesBelow(join(folder.path, 'installed'));
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
    const entries = await readdir(join(folder.path, 'installed'), { recursive: true });
    const { problems, end } = await updateOn(stage, `size=16m,nr_inodes=${entries.length + 9}`);
    expect({ problems, end }).toEqual({ problems: [], end: '6 disk/space' });
  });
});

/** Runs the real command on a disk with these options, then with all the room it needs; tells what was broken, how it ended first, and what is used at last. */
async function updateOn(stage: Stage, options: string) {
  await using disk = await mountDisk(options);
  const root = join(disk.path, 'root');
  await ground.copy('installed', root);
  const { code, stdout } = await runGroup(command({ ...stage, through: 'command' }, root));
  const end = code === 0 ? '0' : `${code} ${/"code": "([a-z/-]+)"/.exec(stdout)?.[1]}`;
  const problems = [...(await wrongAnyTime(stage, root))];
  await run('mount', ['-o', 'remount,size=16m,nr_inodes=4096', disk.path]);
  problems.push(...(await finish(stage, root)), ...(await wrongAtEnd(stage, root)));
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

async function mountDisk(options: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = join(folder.path, 'disk');
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
