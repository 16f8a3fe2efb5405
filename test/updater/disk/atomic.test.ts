import { chmod, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { execFile, execFileSync } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { isLeftover, namesIn, readBounded, readRecord, removeTree, replaceFile, writeRecord } from '../../../src/updater/disk/atomic.ts';
import { parsePointer } from '../../../src/updater/model/generation.ts';
import { failureOf } from '../../../src/updater/model/failure.ts';
import { faultsMissing, runWithFault, type Ended, type Fault } from '../../faults/shim/shim.ts';
import { tempFolder } from '../../ground/folder.ts';

const atomicUrl = new URL('../../../src/updater/disk/atomic.ts', import.meta.url).href;
const failureUrl = new URL('../../../src/updater/model/failure.ts', import.meta.url).href;
const noFaults = await faultsMissing();

test('a file is replaced whole, with its mode, and nothing is left beside it', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'current.json');
  await replaceFile(path, 'old');
  await replaceFile(path, Buffer.from('new'), 0o600);
  expect(await readFile(path, 'utf8')).toBe('new');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder.path)).toEqual(['current.json']);
});

test('replacing through a link replaces the link and not what it points at', async () => {
  await using folder = await tempFolder();
  const canary = join(folder.path, 'canary');
  await writeFile(canary, 'alive');
  await symlink(canary, join(folder.path, 'record'));
  await replaceFile(join(folder.path, 'record'), 'new');
  expect([await readFile(canary, 'utf8'), await readFile(join(folder.path, 'record'), 'utf8')]).toEqual(['alive', 'new']);
});

test('a record comes back as it was written, on one line with sorted names', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'record.json');
  await writeRecord(path, { generation: 12, also: undefined, a: ['ü'] });
  expect(await readFile(path, 'utf8')).toBe('{"a":["ü"],"generation":12}\n');
  expect(await readRecord(path, parsePointer)).toEqual({ generation: 12 });
  expect(await readRecord(join(folder.path, 'none'), parsePointer)).toBeNull();
});

test.each([
  ['random bytes', Buffer.from([0x80, 0xff, 0x00])],
  ['half a record', Buffer.from('{"generation":')],
  ['another shape', Buffer.from('{"generation":"12"}')],
  ['nothing', Buffer.alloc(0)],
  ['too much', Buffer.alloc(1024 ** 2 + 1, 0x20)],
])('a record with %s is damaged', async (_what, bytes) => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'record.json');
  await writeFile(path, bytes);
  await expect(readRecord(path, parsePointer)).rejects.toMatchObject({ code: 'state/damaged' });
});

test('what is not a regular file is damaged, and reading it does not wait', async () => {
  await using folder = await tempFolder();
  const at = (name: string): string => join(folder.path, name);
  await writeFile(at('target'), 'x');
  await symlink('target', at('link'));
  await mkdir(at('folder'));
  execFileSync('mkfifo', [at('fifo')]);
  for (const name of ['link', 'folder', 'fifo']) {
    await expect(readBounded(at(name), 10)).rejects.toMatchObject({ code: 'state/damaged' });
  }
  expect(await readBounded(at('target'), 1)).toEqual(Buffer.from('x'));
  await expect(readBounded(at('target'), 0)).rejects.toMatchObject({ code: 'state/damaged' });
  expect(await readBounded(at('target/below'), 1)).toBeNull();
});

test('names are sorted, and there are none where there is no folder', async () => {
  await using folder = await tempFolder();
  for (const name of ['b', 'a', '10']) await writeFile(join(folder.path, name), '');
  expect(await namesIn(folder.path)).toEqual(['10', 'a', 'b']);
  expect(await namesIn(join(folder.path, 'none'))).toEqual([]);
});

test('S20 removing a tree with links inside, above or as the tree itself leaves the canaries alive', async () => {
  await using folder = await tempFolder();
  const at = (name: string): string => join(folder.path, name);
  await mkdir(at('canary/deep'), { recursive: true });
  await writeFile(at('canary/deep/file'), 'alive');
  await mkdir(at('version/sub'), { recursive: true });
  await symlink(at('canary'), at('version/folder-link'));
  await symlink('../../canary/deep/file', at('version/sub/file-link'));
  await symlink(at('canary'), at('top-link'));
  await removeTree(at('version'));
  await removeTree(`${at('top-link')}/`);
  await removeTree(at('never-there'));
  expect(await readdir(folder.path)).toEqual(['canary']);
  expect(await readFile(at('canary/deep/file'), 'utf8')).toBe('alive');
});

test('R18 a read-only tree can be removed by its owner, and a read-only parent is reported as denied', async ({ skip }) => {
  if (process.getuid?.() !== 0) skip('needs root to become another user');
  await using folder = await tempFolder();
  await chmod(folder.path, 0o777);
  const script = `
    import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
    import { removeTree, replaceFile } from ${JSON.stringify(atomicUrl)};
    import { failureOf } from ${JSON.stringify(failureUrl)};
    process.setgid(65534); process.setuid(65534);
    process.chdir(${JSON.stringify(folder.path)});
    mkdirSync('tree/sub', { recursive: true });
    writeFileSync('tree/sub/file', '');
    chmodSync('tree/sub', 0o555); chmodSync('tree', 0o555);
    await removeTree('tree');
    const left = readdirSync('.');
    mkdirSync('locked'); writeFileSync('locked/file', 'old'); chmodSync('locked', 0o555);
    const codes = [];
    for (const step of [() => replaceFile('locked/file', 'new'), () => removeTree('locked/file')]) {
      codes.push(await step().then(() => 'done', (error) => failureOf(error).code));
    }
    console.log(JSON.stringify({ left, codes }));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  expect(JSON.parse(stdout)).toEqual({ left: [], codes: ['disk/denied', 'disk/denied'] });
});

/** Runs a module given as text; the calls that it makes below the folder count. Returns their names only. */
async function runModule(module: string, root: string, fault: Fault): Promise<Ended> {
  const ended = await runWithFault({ args: ['--input-type=module', '-e', module], root }, fault);
  return { ...ended, calls: ended.calls.map((call) => call.split(' ')[0] ?? '') };
}

const replaceCalls = ['open', 'write', 'chmod', 'fsync', 'rename', 'fsync'];

test.skipIf(noFaults !== null)('R01 a replacement killed before any of its calls leaves the old file or the new one, whole', async () => {
  const kill = async (at: number): Promise<unknown> => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'current.json');
    await writeFile(path, 'old');
    const script = `import { replaceFile } from ${JSON.stringify(atomicUrl)}; await replaceFile(${JSON.stringify(path)}, 'new');`;
    const { signal, calls } = await runModule(script, folder.path, { at, what: 'before' });
    const others = (await readdir(folder.path)).filter((name) => name !== 'current.json');
    return { signal, calls, text: await readFile(path, 'utf8'), foreign: others.filter((name) => !isLeftover(name)) };
  };
  const expected = replaceCalls.map((_, i) => {
    return { signal: 'SIGKILL', calls: replaceCalls.slice(0, i + 1), text: i < 5 ? 'old' : 'new', foreign: [] };
  });
  expect(await Promise.all(replaceCalls.map((_, i) => kill(i + 1)))).toEqual(expected);
  expect(await kill(7)).toEqual({ signal: null, calls: replaceCalls, text: 'new', foreign: [] });
});

test.skipIf(noFaults !== null)('R02 a tree whose removal is killed is gone under its name from the first step on', async () => {
  const kill = async (at: number): Promise<unknown> => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'version');
    await mkdir(path);
    await writeFile(join(path, 'file'), '');
    const script = `import { removeTree } from ${JSON.stringify(atomicUrl)}; await removeTree(${JSON.stringify(path)});`;
    const { calls } = await runModule(script, folder.path, { at, what: 'before' });
    const names = await readdir(folder.path);
    for (const name of names) await removeTree(join(folder.path, name));
    return { before: calls.at(-1), left: names.map((name) => (isLeftover(name) ? 'leftover' : name)), after: await readdir(folder.path) };
  };
  expect(await Promise.all([1, 2, 3, 4].map((at) => kill(at)))).toEqual([
    { before: 'rename', left: ['version'], after: [] },
    { before: 'chmod', left: ['leftover'], after: [] },
    { before: 'unlink', left: ['leftover'], after: [] },
    { before: 'rmdir', left: ['leftover'], after: [] },
  ]);
});

test.skipIf(noFaults !== null)('R06 after a failed fsync the file is written anew, not synced again', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'current.json');
  const script = `import { replaceFile } from ${JSON.stringify(atomicUrl)}; await replaceFile(${JSON.stringify(path)}, 'new');`;
  const once = await runModule(script, folder.path, { at: 4, what: constants.errno.EIO });
  expect(once.calls).toEqual('open write chmod fsync unlink open write chmod fsync rename fsync'.split(' '));
  expect(await readFile(path, 'utf8')).toBe('new');
});

test.skipIf(noFaults !== null)('R05 a call that fails for good keeps the old file whole, says why and leaves nothing behind', async () => {
  const { ENOSPC, EDQUOT, EIO, EROFS } = constants.errno;
  const cases = [1, 2, 3, 4, 5].map((at) => ({ at, what: ENOSPC, code: 'disk/space' }));
  cases.push(
    { at: 4, what: EDQUOT, code: 'disk/space' },
    { at: 4, what: EIO, code: 'disk/io' },
    { at: 1, what: EROFS, code: 'disk/denied' },
  );
  const fail = async ({ at, what }: { at: number; what: number }): Promise<unknown> => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'current.json');
    await writeFile(path, 'old');
    const script = `
      import { replaceFile } from ${JSON.stringify(atomicUrl)};
      import { failureOf } from ${JSON.stringify(failureUrl)};
      console.log(await replaceFile(${JSON.stringify(path)}, 'new').then(() => 'done', (error) => failureOf(error).code));`;
    const { stdout } = await runModule(script, folder.path, { at, what, always: true, only: 'open write chmod fsync rename' });
    return [at, stdout.trim(), await readFile(path, 'utf8'), await readdir(folder.path)];
  };
  expect(await Promise.all(cases.map(fail))).toEqual(cases.map(({ at, code }) => [at, code, 'old', ['current.json']]));
});

test('a full quota, which Node has no name for, is a lack of space', () => {
  const error = Object.assign(new Error('x'), { code: `Unknown system error -${constants.errno.EDQUOT}` });
  expect(failureOf(error).code).toBe('disk/space');
});
