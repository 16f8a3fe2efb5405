/** What another user of the same machine finds of an installation that runs. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findRunning } from '../../../src/main/shell/reach/running.ts';
import { instanceOf, layoutOf } from '../../../src/updater/install/layout.ts';
import { tempFolder } from '../../ground/folder.ts';
import { shellTree } from '../../journeys/ground.ts';
import { openPublisher } from '../../ground/publisher.ts';

const moult = join(import.meta.dirname, '../../../src/main/cli/moult.mjs');
const nobody = { uid: 65_534, gid: 65_534 };
const isRoot = process.getuid?.() === 0 && process.platform === 'linux';

/** What `find` finds below a folder, asked by another user. */
async function foundByOthers(folder: string, ...tests: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)('find', [folder, ...tests, '-printf', '%P\n'], { ...nobody, cwd: '/' }).catch(
    // It says so when there is something that it may not enter.
    (error: unknown) => (error instanceof Error && 'stdout' in error ? { stdout: String(error.stdout) } : Promise.reject(error)),
  );
  return stdout.split('\n').filter((path) => path !== '');
}

describe.runIf(isRoot)('S27 another user of the machine', () => {
  let before: number;
  beforeEach(() => (before = process.umask()));
  afterEach(() => process.umask(before));

  it.each([0o000, 0o077])('changes nothing of what runs, and reads nothing private, whatever the umask (%o)', async (umask) => {
    process.umask(umask);
    await using folder = await tempFolder();
    await chmod(folder.path, 0o755);
    const publisher = await openPublisher(join(folder.path, 'publisher'));
    await publisher.release('1.0.0', shellTree('one'));
    const root = join(folder.path, 'root');
    const env = { ...process.env, MOULT_BROWSER: 'none' };
    const run = (...args: readonly string[]) => spawn(process.execPath, [moult, '--root', root, ...args], { stdio: 'ignore', env });
    await once(run('install', '--from', publisher.repo, '--trusted-root', join(publisher.repo, 'metadata', '1.root.json')), 'exit');
    const child = run('start', '--host', 'browser');
    const instance = instanceOf(layoutOf(root), 'default');
    let running = await findRunning(instance);
    for (; running === null; running = await findRunning(instance)) await sleep(50);
    await running.ask('notes/write', { id: null, text: 'a diary' });
    const found = {
      writable: await foundByOthers(root, '-writable', '-not', '-type', 'l'),
      readable: await foundByOthers(join(root, 'instances'), '-type', 'f', '-readable'),
      withRights: await foundByOthers(root, '-perm', '/7000'),
    };
    await running.ask('app/quit', {});
    await once(child, 'exit');
    expect(found).toEqual({ writable: [], readable: [], withRights: [] });
  });
});
