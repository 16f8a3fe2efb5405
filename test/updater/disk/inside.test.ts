import { chmod, mkdir, readFile, readdir, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createInside, freshFolder, linkInside } from '../../../src/updater/disk/inside.ts';
import { tempFolder } from '../../ground/folder.ts';

async function put(root: string, path: string, text: string): Promise<void> {
  await using file = await createInside(root, path, 'file');
  await file.writeFile(text);
}

test('files are created with their folders and with exactly their mode, whatever the umask', async () => {
  await using folder = await tempFolder();
  const before = process.umask(0o077);
  try {
    await using program = await createInside(folder.path, 'a/b/program', 'program');
    await program.writeFile('x');
    await put(folder.path, 'a/b/file with spaces ü', 'y');
  } finally {
    process.umask(before);
  }
  const modeOf = async (path: string): Promise<number> => (await stat(join(folder.path, path))).mode & 0o7777;
  expect([await modeOf('a/b/program'), await modeOf('a/b/file with spaces ü')]).toEqual([0o755, 0o644]);
});

test('many files of one new folder can be created at the same time', async () => {
  await using folder = await tempFolder();
  const names = Array.from({ length: 50 }, (_, i) => `deep/er/and/deeper/${i}`);
  await Promise.all(names.map((name) => put(folder.path, name, name)));
  expect(await readdir(join(folder.path, 'deep/er/and/deeper'))).toHaveLength(50);
});

test.each(['../x', 'a/../../x', '/x', 'C:/x', 'a\\b', 'a\u0000b', 'a.', 'a ', 'con', '', '.', 'a//b'])(
  'S15 nothing is created at %j',
  async (path) => {
    await using folder = await tempFolder();
    await mkdir(join(folder.path, 'root'));
    await expect(createInside(join(folder.path, 'root'), path, 'file')).rejects.toMatchObject({ code: 'disk/unsafe' });
    await expect(linkInside(join(folder.path, 'root'), path, 'a')).rejects.toMatchObject({ code: 'disk/unsafe' });
    expect(await readdir(folder.path, { recursive: true })).toEqual(['root']);
  },
);

test('S19 a link at the destination or on the way is not followed, wherever it points', async () => {
  await using folder = await tempFolder();
  const at = (name: string): string => join(folder.path, name);
  await mkdir(at('outside'));
  await writeFile(at('outside/canary'), 'alive');
  await mkdir(at('root/real'), { recursive: true });
  await symlink(at('outside'), at('root/absolute'));
  await symlink('../../outside', at('root/real/relative'));
  await symlink('real', at('root/within'));
  await symlink(at('outside/new'), at('root/dangling'));
  await symlink(at('outside/canary'), at('root/file'));
  await writeFile(at('root/plain'), '');
  const paths = [
    'absolute/x',
    'absolute/new/x',
    'real/relative/x',
    'real/relative/a/b/x',
    'within/x',
    'dangling',
    'dangling/x',
    'file',
    'plain/x',
    'plain',
    'real',
  ];
  for (const path of paths) {
    await expect(createInside(at('root'), path, 'file')).rejects.toMatchObject({ code: 'disk/unsafe' });
    await expect(linkInside(at('root'), path, 'plain')).rejects.toMatchObject({ code: 'disk/unsafe' });
  }
  expect([await readdir(at('outside')), await readFile(at('outside/canary'), 'utf8'), await readdir(at('root/real'))]).toEqual([
    ['canary'],
    'alive',
    ['relative'],
  ]);
});

test('links are made as they were declared, and not when they leave the root', async () => {
  await using folder = await tempFolder();
  await linkInside(folder.path, 'lib/current', '../versions/1');
  expect(await readlink(join(folder.path, 'lib/current'))).toBe('../versions/1');
  for (const target of ['../../x', '/etc/passwd', '..', 'a/../../../x', '']) {
    await expect(linkInside(folder.path, 'lib/other', target)).rejects.toMatchObject({ code: 'disk/unsafe' });
  }
});

test('S12 a folder that was prepared with links and foreign files is replaced by an empty one, and what its links point at lives', async () => {
  await using folder = await tempFolder();
  const at = (name: string): string => join(folder.path, name);
  await mkdir(at('outside'));
  await writeFile(at('outside/canary'), 'alive');
  await mkdir(at('prepared'));
  await symlink(at('outside'), at('prepared/app'));
  await writeFile(at('prepared/foreign.js'), 'evil');
  await chmod(at('prepared'), 0o777);
  await symlink(at('outside'), at('prepared-link'));
  await writeFile(at('prepared-file'), 'evil');
  for (const name of ['prepared', 'prepared-link', 'prepared-file', 'new']) {
    await freshFolder(at(name));
    const found = await stat(at(name));
    expect([await readdir(at(name)), found.isDirectory(), found.mode & 0o022]).toEqual([[], true, 0]);
  }
  expect(await readdir(at('outside'))).toEqual(['canary']);
});
