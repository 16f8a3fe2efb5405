import { spawnSync } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../ground/folder.ts';

test('where the addon is built and loads, nothing is done and nothing is needed', () => {
  expect(native(resolve('.'))).toEqual({ status: 0, stderr: '' });
});

test.runIf(process.platform === 'linux')('a machine that cannot build the addon is told what to install', async () => {
  await using folder = await tempFolder();
  await mkdir(join(folder.path, 'build'));
  await copyFile('build/native.mjs', join(folder.path, 'build/native.mjs'));
  expect(native(folder.path)).toEqual({
    status: 1,
    stderr: 'bsdiff-node is built from source, which needs python3, make, g++.\nWhat to do: apt-get install -y python3 make g++\n',
  });
});

/** Runs the script of a checkout with nothing around it: no programs on the path, no home. */
function native(checkout: string): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, [join(checkout, 'build/native.mjs')], {
    cwd: '/',
    env: { PATH: '' },
    encoding: 'utf8',
  });
  return { status, stderr };
}
